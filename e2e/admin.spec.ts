import AxeBuilder from '@axe-core/playwright';
import { readFileSync } from 'node:fs';
import { disable, newTenant, press, registerSite, signIn } from './fixtures/administration.js';
import { open } from './fixtures/app.js';
import { expect, test, type Page } from './fixtures/test.js';

const status = (page: Page) => page.locator('.answer');
const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

async function expectNoViolations(page: Page): Promise<void> {
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
}

test('an owner makes a key, sees it once, revokes it, changes the settings and verifies the log', async ({
  page,
  cloud,
}) => {
  const key = cloud.keys.owner;
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  await page.goto('/admin?backend=wasm');
  await expect(page.getByLabel('API key')).toBeVisible();
  await expectNoViolations(page);

  await signIn(page, `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`);
  await expect(status(page)).toContainText('unknown, expired or revoked');
  await signIn(page, cloud.keys.user);
  await expect(status(page)).toContainText('may not do that');
  await signIn(page, key);
  await expect(section(page, 'Overview')).toContainText('acme');
  await expect(section(page, 'Overview')).toContainText('it reaches its database');
  await expect(page.getByRole('button', { name: 'Tenants' })).toHaveCount(0);

  await press(page, 'API keys');
  await page.getByLabel('Role').selectOption('user');
  await page.getByLabel('identify').uncheck();
  await press(page, 'Make a key');
  const secret = page.locator('.secret');
  await expect(secret.getByRole('heading')).toBeFocused();
  const made = await secret.locator('code').innerText();
  expect(made).toMatch(/^xnn_[0-9a-f]{16}_[0-9a-f]{64}$/);
  await expectNoViolations(page);
  const works = async () =>
    (await page.request.get('/v1/service', { headers: { Authorization: `Bearer ${made}` } })).status();
  expect(await works()).toBe(200);
  await press(page, 'I have kept it');
  await expect(page.locator('main')).not.toContainText(made);
  const id = made.split('_')[1]!;
  await expect(section(page, 'API keys')).toContainText('enrol, verify, remove');
  await press(page, `Revoke ${id}`);
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(status(page)).toContainText('revoked');
  await expect(page.getByRole('button', { name: `Revoke ${id}` })).toHaveCount(0);
  expect(await works()).toBe(401);

  await press(page, 'Settings');
  await page.getByLabel('Days that a template is kept').fill('0');
  await press(page, 'Keep these settings');
  await expect(status(page)).toContainText('not of the form');
  await page.getByLabel('Days that a template is kept').fill('30');
  await page.getByLabel('Threshold under noise').fill('half');
  await press(page, 'Keep these settings');
  await expect(status(page)).toContainText('not of the form');
  await page.getByLabel('Threshold under noise').fill('');
  await page.getByLabel('Threshold under a key').fill('0.6');
  await page.getByLabel('Requests a minute').fill('500');
  await page.getByLabel('Under noise (XNN-d)').uncheck();
  await press(page, 'Keep these settings');
  await expect(status(page)).toContainText('are kept');
  await press(page, 'Overview');
  await expect(section(page, 'Overview')).toContainText('under own keys');
  await press(page, 'Settings');
  await expect(page.getByLabel('Days that a template is kept')).toHaveValue('30');
  await expect(page.getByLabel('Threshold under noise')).toHaveValue('');
  await expect(page.getByLabel('Threshold under a key')).toHaveValue('0.6');
  await expect(page.getByLabel('Requests a minute')).toHaveValue('500');

  await press(page, 'Audit log');
  await expect(section(page, 'Audit log')).toContainText('tenant.change: done');
  await expect(section(page, 'Audit log')).toContainText('key.revoke: done');
  await press(page, 'Verify the chain');
  await expect(status(page)).toContainText('The chain holds');
  const download = page.waitForEvent('download');
  await press(page, 'Export');
  const file = await (await download).path();
  expect(readFileSync(file, 'utf8').split('\n')[1]).toContain('"tenant.create"');

  // The key is in no address and no storage, and gone with the page.
  for (const address of addresses) expect(address).not.toContain(key.slice(0, 24));
  expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).not.toContain('xnn_');
  await page.reload();
  await expect(page.getByLabel('API key')).toHaveValue('');
});

test('subjects are found, unlocked, and deleted after a question; an operator makes and disables a tenant', async ({
  page,
  cloud,
}) => {
  const { tenant, keys } = await newTenant(page, cloud.keys.operator);
  await page.goto('/admin?backend=wasm');
  await signIn(page, keys);
  await press(page, 'Subjects');
  const subjects = section(page, 'Subjects');
  await expect(subjects).toContainText('2 in all');
  await page.getByLabel('Name, or a part of it').fill('ADA');
  await page.getByLabel('Name, or a part of it').press('Enter');
  await expect(subjects.getByRole('listitem')).toHaveCount(1);
  await expect(subjects).toContainText('under an own key, 5 misses, asked every 30 s');
  await press(page, 'Unlock Ada Lovelace');
  await expect(subjects).not.toContainText('misses');
  await press(page, 'Delete Ada Lovelace');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(subjects).toContainText('1 in all. None of that name');
  await expect(subjects.getByRole('heading', { level: 2 })).toBeFocused();
  await press(page, 'Sign out');

  await signIn(page, cloud.keys.operator);
  await disable(page, tenant);
  await registerSite(page, 'Grafana');
  await expect(page.locator('.secret code')).toHaveText(/^[0-9a-f]{64}$/);
  await press(page, 'Sign out');
  await signIn(page, keys);
  await expect(status(page)).toContainText('disabled by the operator');
});

test('every section is accessible, fits a phone and is left after a quarter of an hour', async ({ page, cloud }) => {
  test.slow();
  await page.goto('/admin?backend=wasm');
  await signIn(page, cloud.keys.operator);
  for (const name of ['Overview', 'API keys', 'Settings', 'Subjects', 'Audit log', 'Webhook', 'Tenants', 'Sites']) {
    await press(page, name);
    await expect(page.locator('[aria-busy]')).toHaveCount(0);
    for (const [width, colorScheme] of [
      [1440, 'light'],
      [390, 'dark'],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    await expectNoViolations(page);
  }
  await page.clock.install();
  await page.getByRole('button', { name: 'Overview' }).dispatchEvent('click');
  await expect(section(page, 'Overview')).toContainText('acme');
  await page.clock.fastForward('15:00');
  await expect(status(page)).toContainText('signed out, since nothing was done');
});

test('visitors download nothing of it, now or for offline', async ({ page }) => {
  const scripts: string[] = [];
  page.on('request', (request) => scripts.push(request.url()));
  await open(page);
  expect(scripts.filter((url) => url.includes('/assets/Admin'))).toEqual([]);
  const kept = await (await page.request.get('/sw.js')).text();
  expect(kept).toContain('assets/DemoLogin-');
  expect(kept).not.toContain('assets/Admin-');
});
