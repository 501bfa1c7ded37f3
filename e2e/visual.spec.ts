import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PATHS } from '../src/web/routes.js';
import { answer, choosePhotos, open, turnTo } from './fixtures/app.js';
import { withCamera } from './fixtures/camera.js';
import { expect, test, type Page } from './fixtures/test.js';

// How every page and state looks, at three widths, in light and dark, beside pictures that somebody looked at (e2e/pictures). They are drawn at
// half size: layout and colours are what they are for, and so they are small. The app takes its fonts from the system; here it is given one, so
// that pictures are alike on every machine. Figures, camera pictures and what is made of them are masked: they differ from run to run.
// After a change that is meant: `npx playwright test e2e/visual.spec.ts --update-snapshots`, and look. A missing picture is a failure.

const HALF = { deviceScaleFactor: 0.5, reducedMotion: 'reduce', bypassCSP: true } as const;
const WIDTHS = [390, 820, 1440];
const SCHEMES = ['light', 'dark'] as const;
/** Longest part of a page that is kept, in CSS pixels; the report is much longer, and all alike. */
const TALLEST = 2400;
/** Edges of letters are smoothed a little differently by other graphics libraries. A moved line or another colour is more. */
const OTHER_PIXELS = 0.01;

const { resolve } = createRequire(import.meta.url);
const font = async (file: string) => (await readFile(resolve(`@fontsource/${file}.woff2`))).toString('base64');
const FONTS = [
  ['noto-sans/files/noto-sans-latin-400-normal', 400],
  ['noto-sans/files/noto-sans-latin-600-normal', 600],
  ['noto-sans-arabic/files/noto-sans-arabic-arabic-400-normal', 400],
  ['noto-sans-arabic/files/noto-sans-arabic-arabic-600-normal', 600],
] as const;

/** Gives the page its font. It stays while nothing is loaded anew. */
async function dress(page: Page): Promise<void> {
  const faces = await Promise.all(
    FONTS.map(async ([file, weight], i) => {
      const family = i < 2 ? 'Latin' : 'Arabic';
      return `@font-face { font-family: ${family}; font-weight: ${weight}; src: url(data:font/woff2;base64,${await font(file)}); }`;
    }),
  );
  await page.addStyleTag({
    content: `${faces.join('\n')} :root { --sans: Latin, Arabic !important; --mono: Latin !important; }`,
  });
  await page.evaluate(() => document.fonts.ready);
}

/** Compares the page as it stands with its pictures. */
async function look(page: Page, state: string): Promise<void> {
  const mask = [
    page.locator('video, .pixels, .thumbnail canvas, .countdown, .hint, .count, .oval'),
    page.locator(
      '.chip-figure, .verdict-figure, .stages dd, .stage-bar, .sent-total, .scale-note, .key-facts dd, .anatomy code, #kept + p',
    ),
  ];
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const height = Math.min(TALLEST, await page.evaluate(() => document.documentElement.scrollHeight));
      await page.setViewportSize({ width, height: Math.max(900, height) });
      await page.evaluate(() => scrollTo(0, 0));
      await expect.soft(page).toHaveScreenshot(`${state}-${width}-${colorScheme}.png`, {
        mask,
        maskColor: '#808080',
        scale: 'device',
        maxDiffPixelRatio: OTHER_PIXELS,
      });
    }
  }
}

test.describe('in pictures', () => {
  test.use(HALF);

  test('every page, an answer, a question, and Arabic', async ({ page }) => {
    test.setTimeout(300_000);
    await open(page);
    await dress(page);
    await look(page, 'welcome');
    await page.getByRole('button', { name: 'First show me everything' }).click();
    for (const [name, path] of Object.entries(PATHS)) {
      await turnTo(page, path);
      await look(page, name);
    }
    await turnTo(page, '/nowhere');
    await look(page, 'missing');

    await turnTo(page, '/verify');
    await page.getByLabel('Name to verify').fill('Nobody');
    await choosePhotos(page, 'ann-1.jpg');
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await expect(answer(page)).toContainText('No match for Nobody');
    await expect(page.locator('.reveal')).toBeVisible();
    await look(page, 'verify-answer');

    await page.locator('.reveal').getByRole('link', { name: 'Attack it yourself' }).click();
    await page.getByRole('button', { name: 'Compare with the same picture' }).click();
    await expect(page.locator('.verdict')).toHaveCount(2, { timeout: 60_000 });
    await look(page, 'attack-linked');

    await turnTo(page, '/settings');
    await page.getByRole('button', { name: 'Delete all of it' }).click();
    await look(page, 'dialog');
    await page.keyboard.press('Escape');

    await page.locator('.footer').getByLabel('Language').selectOption('ar');
    await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
    await turnTo(page, '/verify');
    await look(page, 'verify-ar');
    // Nothing is left unfilled.
    expect(await page.locator('body').innerText()).not.toMatch(/\{\{|<\/?\w+>/);
  });

  test('a start that failed', async ({ page }) => {
    await page.route('**/models/**', (route) => route.abort());
    await page.goto('/enrol');
    await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible({ timeout: 60_000 });
    await dress(page);
    await look(page, 'failed');
  });
});

test('before a camera, in pictures', async ({ baseURL }) => {
  test.setTimeout(180_000);
  await withCamera(
    'ann',
    baseURL,
    async (page) => {
      await open(page, '/verify');
      await dress(page);
      await page.getByRole('button', { name: 'Start camera' }).click();
      await expect(page.locator('.hint')).toBeVisible();
      await look(page, 'camera');
    },
    HALF,
  );
});
