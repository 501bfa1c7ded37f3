/** Draws public/icon.svg as the pictures by which systems install the app, under public/icons. For who changes the icon: `npm run icons`. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { chromium } from 'playwright';
import { launchOptions } from './chromium.js';

/** Behind what systems cut to shapes of their own: the icon's own ground, up to the edge. Its face lies within the middle 80 %, which all shapes keep. */
const GROUND = '#08665f';
const ICONS = [
  { name: 'icon-192', size: 192, ground: 'transparent' },
  { name: 'icon-512', size: 512, ground: 'transparent' },
  { name: 'maskable-192', size: 192, ground: GROUND },
  { name: 'maskable-512', size: 512, ground: GROUND },
  { name: 'apple-touch', size: 180, ground: GROUND },
] as const;

const svg = await readFile('public/icon.svg', 'utf8');
await mkdir('public/icons', { recursive: true });
const browser = await chromium.launch(launchOptions());
const page = await browser.newPage();
for (const { name, size, ground } of ICONS) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<body style="margin: 0; background: ${ground}">${svg}</body>`);
  const png = await page.screenshot({ omitBackground: true });
  await writeFile(`public/icons/${name}.png`, png);
}
await browser.close();
