import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PATHS } from '../src/web/routes.js';
import { LOGIN_ROUTES } from '../src/wire/login.js';
import { disable, newTenant, press, registerSite, signIn } from './fixtures/administration.js';
import { addDevice, answer, choosePhotos, open, turnTo } from './fixtures/app.js';
import { withCamera } from './fixtures/camera.js';
import { expect, test, type Page } from './fixtures/test.js';

// How every page and state looks, at three widths, in light and dark, beside pictures that somebody looked at (e2e/pictures). They are drawn at
// half size: layout and colours are what they are for, and so they are small. The app takes its fonts from the system; here it is given one, so
// that pictures are alike on every machine. Figures, camera pictures and what is made of them are masked: they differ from run to run.
// Ids, codes, dates and times are written alike before a picture of what is behind a sign-in, so that its layout stays in sight.
// After a change that is meant: `npx playwright test e2e/visual.spec.ts --update-snapshots`, and look. A missing picture is a failure.

const HALF = { deviceScaleFactor: 0.5, reducedMotion: 'reduce', bypassCSP: true } as const;
const WIDTHS = [390, 820, 1440];
const SCHEMES = ['light', 'dark'] as const;
/** Longest part of a page that is kept, in CSS pixels; the report is much longer, and all alike. */
const TALLEST = 2400;
/** Smoothed edges do not count for the comparison, and at half size letters are nearly all edge: a word more or less is a few dozen pixels. */
const OTHER = { maxDiffPixels: 60, threshold: 0.1 };

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

/** Writes ids, recovery codes, dates, times and the tenant that was made alike in every run. */
async function evenOut(page: Page, tenant?: string): Promise<void> {
  await page.evaluate((tenant) => {
    const texts = document.createTreeWalker(document.querySelector('main')!, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode as Text;
      text.data = text.data
        .replaceAll(tenant ?? '\0', 'the new one')
        .replace(/[0-9a-f]{16,}/g, (id) => '0'.repeat(id.length))
        .replace(/[0-9A-Z]{4}(-[0-9A-Z]{4})+/g, (code) => code.replace(/\w/g, '0'))
        .replace(/\d{4}-\d\d-\d\d \d\d:\d\d/g, '2026-01-01 12:00')
        .replace(/[A-Z][a-z]{2} \d{1,2}, \d{4}/g, 'Jan 1, 2026')
        .replace(/\d{1,2}:\d\d\s[AP]M/g, '12:00 PM');
    }
  }, tenant);
}

/** Takes the rows out of a list that other tests left in it. */
async function takeOthersOut(page: Page, ...names: readonly string[]): Promise<void> {
  await page.locator('.rows > li').evaluateAll((rows, names) => {
    for (const row of rows) if (!names.some((name) => row.textContent.includes(name))) row.remove();
  }, names);
}

/** Compares the page as it stands with its pictures. */
async function look(page: Page, state: string): Promise<void> {
  // What is asked of the cloud takes room until it answers.
  await expect(page.locator('.coming')).toHaveCount(0);
  // A mask is as wide as its figure.
  await page.locator('.stages dd, .sent-total').evaluateAll((figures) => {
    for (const figure of figures) figure.textContent = '10 ms';
  });
  const mask = [
    page.locator('video, .pixels, .thumbnail canvas, .countdown, .hint, .count, .oval'),
    page.locator(
      '.chip-figure, .verdict-figure, .stages dd, .stage-bar, .sent-total, .scale-note, .key-facts > dd, .anatomy code, .codes li, #kept + p',
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
        ...OTHER,
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

test.describe('in pictures, signed in', () => {
  test.use(HALF);

  test('a key that was made, and an account', async ({ page, request, baseURL }) => {
    test.setTimeout(180_000);
    await addDevice(page);
    await open(page, PATHS.ownKey);
    await dress(page);
    await press(page, 'Make a key with a passkey');
    await expect(answer(page)).toContainText('Your key is made');
    await look(page, 'ownKey-made');
    await press(page, 'I have written them down');

    await turnTo(page, PATHS.login);
    await page.getByRole('group', { name: 'How' }).getByText('Register').click();
    await page.getByLabel('Your name').fill('Ann');
    await choosePhotos(page, 'ann-1.jpg');
    await press(page, 'Register passkey and face');
    const code = await page.locator('ul.codes code').first().innerText();
    // Elsewhere, too.
    await request.post(LOGIN_ROUTES.recoveries, { headers: { Origin: baseURL! }, data: { code } });
    await press(page, 'Add a device');
    await expect(page.getByRole('button', { name: 'Revoke device 2' })).toBeVisible();
    await press(page, 'Make new codes');
    await page.getByRole('dialog').getByRole('button', { name: 'Make' }).click();
    await page.getByRole('button', { name: 'Make new codes' }).hover();
    await expect(page.getByText('codes.renew')).toBeVisible();
    await expect(page.getByText('New codes are made.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Log out there' })).toBeVisible();
    await evenOut(page);
    await look(page, 'account');
  });

  test('every section of the administration', async ({ page, cloud }) => {
    test.setTimeout(180_000);
    const { tenant, keys } = await newTenant(page, cloud.keys.operator);
    await expect(page.getByText('Runs on WASM')).toBeVisible();
    await dress(page);
    const lookAt = async (state: string) => {
      await expect(page.locator('[aria-busy]')).toHaveCount(0);
      await evenOut(page, tenant);
      await look(page, `admin-${state}`);
    };

    await signIn(page, keys);
    await expect(page.locator('.key-facts')).toBeVisible();
    await lookAt('overview');
    await press(page, 'API keys');
    await press(page, 'Make a key');
    await expect(page.locator('.secret')).toBeVisible();
    await lookAt('keys');
    await press(page, 'I have kept it');
    await press(page, 'Settings');
    await expect(page.getByLabel('Requests a minute')).toBeVisible();
    await lookAt('settings');
    await press(page, 'Subjects');
    await expect(page.locator('.rows > li')).toHaveCount(2);
    await lookAt('subjects');
    await press(page, 'Audit log');
    await press(page, 'Verify the chain');
    await expect(answer(page)).toContainText('The chain holds');
    await lookAt('audit');
    await press(page, 'Webhook');
    await expect(page.getByLabel('Address')).toBeVisible();
    await lookAt('webhook');
    await press(page, 'Sign out');

    await signIn(page, cloud.keys.operator);
    await disable(page, tenant);
    await takeOthersOut(page, tenant, 'acme');
    await lookAt('tenants');
    await registerSite(page, tenant);
    await expect(page.locator('.secret')).toBeVisible();
    await takeOthersOut(page, tenant);
    await lookAt('sites');
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
