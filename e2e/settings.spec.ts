import { enrol, open } from './fixtures/app.js';
import { expect, test } from './fixtures/test.js';

test('the first visit explains; then the camera; back goes back, and the address of a page leads to it', async ({
  page,
}) => {
  await page.goto('/');
  await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(3);
  await page.getByRole('button', { name: 'Go on to the camera' }).press('Enter');
  await expect(page).toHaveURL(/\/enrol$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Enrol' })).toBeFocused();
  await expect(page.getByRole('button', { name: 'Start camera' })).toBeVisible();
  await page.goBack();
  // What was explained once is not explained again.
  await expect(page.getByRole('link', { name: 'Enrol your face' })).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await page.goBack();
  await page.goForward();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
});

test('what was chosen holds on every page and in the next visit, until all is deleted', async ({ page }) => {
  await open(page, '/enrol');
  await enrol(page, 'Set', 'bea-1.jpg');
  await expect(page.locator('.answer')).toContainText('Set is enrolled');

  await page.getByRole('contentinfo').getByRole('link', { name: 'Settings' }).click();
  await expect(page.locator('.key-facts dd').first()).toHaveText('WASM');
  await page.getByRole('group', { name: 'Theme' }).getByText('Dark', { exact: true }).click();
  await page.getByRole('switch', { name: 'Ask for movements by default' }).click();
  await page.getByLabel('Backend').selectOption('wasm');
  await page.getByRole('main').getByLabel('Language', { exact: true }).selectOption('de');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Einstellungen');
  await expect(page).toHaveTitle(/^Einstellungen/);

  // Without the backend in the address, as anybody comes.
  await page.goto('/verify');
  await expect(page.getByText('Läuft auf WASM')).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByRole('switch')).toBeChecked();
  await expect(page.getByRole('button', { name: 'Set' })).toBeVisible();

  await page.goto('/settings');
  await page.getByRole('button', { name: 'Alles löschen' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Löschen' }).click();
  await expect(page).toHaveURL(/\/$/);
  await expect(page.getByRole('button', { name: 'Go on to the camera' })).toBeVisible();
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
});

test.describe('in a browser that speaks French', () => {
  test.use({ locale: 'fr-CA' });

  test('the app speaks it, too, and loads no other language', async ({ page }) => {
    const loaded: string[] = [];
    page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
    await page.goto('/verify');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Vérifier');
    await expect(page.locator('html')).toHaveAttribute('lang', 'fr');
    // The title is there before the app is.
    await expect(page.getByRole('contentinfo')).toContainText('Langue');
    expect(loaded.some((path) => /\/fr-[\w-]+\.js/.test(path))).toBe(true);
    expect(loaded.filter((path) => /\/(de|es|zh|ar)-[\w-]+\.js/.test(path))).toEqual([]);
  });
});
