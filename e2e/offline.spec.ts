import AxeBuilder from '@axe-core/playwright';
import { chromium } from '@playwright/test';
import { launchOptions } from '../tools/chromium.js';
import { answer, enrol, forget, open, verify } from './fixtures/app.js';
import { serveBuild, type Build } from './fixtures/build.js';
import { withCamera } from './fixtures/camera.js';
import { expect, test, type Page } from './fixtures/test.js';

test.use({ serviceWorkers: 'allow' });

/** Waits until all is kept that a visit without a network needs. */
async function kept(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
}

test('after the first visit the app opens and the model runs without a network; what is kept is app, runtime and networks', async ({
  page,
  context,
}) => {
  await open(page);
  await kept(page);
  await open(page);
  await enrol(page, 'Offline Ann', 'ann-1.jpg');
  await expect(answer(page)).toContainText('is enrolled');
  await verify(page, 'Offline Ann', 'ann-2.jpg');
  await expect(answer(page)).toContainText('Yes');
  await forget(page, 'Offline Ann');
  await expect(answer(page)).toContainText('is forgotten');

  const addresses = await page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map(({ method, url }) => `${method} ${new URL(url).pathname}`);
  });
  expect(addresses).toContain('GET /index.html');
  expect(addresses).toContain('GET /models/encoder.bin');
  for (const address of addresses) {
    expect(address).toMatch(
      /^GET \/(index\.html|icon\.svg|manifest\.webmanifest|(assets|icons|wasm|models)\/[\w./-]+)$/,
    );
  }

  await context.setOffline(true);
  await page.goto('/verify?backend=wasm');
  await expect(page.getByText('Runs on WASM')).toBeVisible({ timeout: 60_000 });
  await context.setOffline(false);
});

test('Chromium can install it', async ({ baseURL }, info) => {
  const { args, ...launch } = launchOptions();
  // Not in a window that forgets, where nothing can be installed.
  const context = await chromium.launchPersistentContext(info.outputPath('profile'), { ...launch, args });
  try {
    const page = await context.newPage();
    await page.goto(baseURL!);
    const client = await context.newCDPSession(page);
    const { installabilityErrors } = await client.send('Page.getInstallabilityErrors');
    expect(installabilityErrors).toEqual([]);
    const { data = '', errors } = await client.send('Page.getAppManifest');
    expect(errors).toEqual([]);
    const { icons } = JSON.parse(data) as { icons: readonly { src: string; sizes: string; purpose: string }[] };
    for (const { src, sizes } of icons.filter(({ sizes }) => sizes !== 'any')) {
      const size = await page.evaluate(async (address) => {
        const { width, height } = await createImageBitmap(await (await fetch(address)).blob());
        return `${width}x${height}`;
      }, `/${src}`);
      expect(size).toBe(sizes);
    }
    expect(icons.map(({ purpose }) => purpose)).toContain('maskable');
  } finally {
    await context.close();
  }
});

test.describe('a build of its own', () => {
  let build: Build;
  test.beforeEach(async () => {
    build = await serveBuild();
  });
  test.afterEach(() => build.close());

  test('a download that breaks off goes on where it was', async ({ page }) => {
    const networks = build.breakOff('/models/encoder.bin');
    // Arrives compressed, in parts that come as a whole or anew.
    const runtime = build.breakOff('/wasm/vision_wasm_module_internal.3.wasm');
    await open(page, build.address);
    const [first, ...rest] = networks;
    expect(first).toBeNull();
    // From where it broke off. Chromium may have kept the first part by itself: then it asks for that byte, and for the rest as far as it goes.
    const [begins = ''] = /^bytes=[1-9]\d*-/.exec(rest[0] ?? '') ?? [];
    expect(begins).not.toBe('');
    if (rest.length === 1) expect(rest).toEqual([begins]);
    else
      expect(rest).toEqual([
        `${begins}${/\d+/.exec(begins)![0]}`,
        expect.stringMatching(new RegExp(`^${begins}\\d+$`)),
      ]);
    // At least these: the service worker keeps it, too.
    expect(runtime.slice(0, 2)).toEqual([null, null]);
  });

  test.describe('a second version', () => {
    const notice = (page: Page) => page.getByRole('status').filter({ hasText: 'A new version of this app is ready.' });

    test('is offered, and is there once the person has reloaded', async ({ page, context }) => {
      await open(page, build.address);
      await kept(page);
      await page.reload();
      await expect(page.getByText('Runs on')).toBeVisible({ timeout: 60_000 });
      await expect(notice(page)).toHaveCount(0);

      await build.renew();
      await page.goto(`${build.address}enrol?backend=wasm`);
      await expect(page.locator('html')).toHaveAttribute('data-build', '1');
      await page.getByLabel('Your name').fill('Ada');
      await expect(notice(page)).toBeVisible({ timeout: 60_000 });
      await expect(page.getByLabel('Your name')).toBeFocused();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

      const other = await context.newPage();
      await other.goto(`${build.address}verify?backend=wasm`);
      await expect(notice(other)).toBeVisible({ timeout: 60_000 });
      await other.getByLabel('Name to verify').fill('Grace');

      await page.getByRole('button', { name: 'Reload' }).focus();
      await page.keyboard.press('Enter');
      await expect(page.locator('html')).toHaveAttribute('data-build', '2');
      await expect(page.getByText('Runs on')).toBeVisible({ timeout: 60_000 });
      await expect(notice(page)).toHaveCount(0);
      // Another page of the app keeps what was filled in.
      await expect(other.getByLabel('Name to verify')).toHaveValue('Grace');
      await expect(other.locator('html')).toHaveAttribute('data-build', '1');

      await context.setOffline(true);
      await page.reload();
      await expect(page.locator('html')).toHaveAttribute('data-build', '2');
    });

    test('does not interrupt who is before the camera', async () => {
      await withCamera('nobody', undefined, async (page) => {
        await open(page, `${build.address}enrol`);
        await kept(page);
        await page.reload();
        await expect(page.getByText('Runs on')).toBeVisible({ timeout: 60_000 });
        await page.getByRole('button', { name: 'Start camera' }).click();
        await expect(page.locator('.viewport video')).toBeVisible();

        await build.renew();
        await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
        await expect(page.locator('.update-notice .banner')).toBeAttached({ timeout: 60_000 });
        await expect(page.locator('.update-notice .banner')).toBeHidden();
        await page.getByRole('button', { name: 'Stop camera' }).click();
        await expect(notice(page)).toBeVisible();
      });
    });
  });
});
