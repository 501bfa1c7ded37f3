import { chromium } from '@playwright/test';
import { sentence } from '../src/core/errors.js';
import { launchOptions } from '../tools/chromium.js';
import { answer, chooseFiles, choosePhotos, enrol, goTo, open, verify } from './fixtures/app.js';
import { expect, test, type Page } from './fixtures/test.js';

for (const [photo, sentence] of [
  ['nobody.jpg', 'No face was found'],
  ['several.jpg', 'More than one face was found'],
  ['dark.jpg', 'The picture is too dark'],
] as const) {
  test(`${photo}: ${sentence}`, async ({ page }) => {
    const posted: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && !request.url().endsWith('/v1/challenges')) posted.push(request.url());
    });
    await open(page);
    await verify(page, 'Ann', photo);
    await expect(answer(page)).toContainText(sentence);
    expect(posted).toEqual([]);
  });
}

for (const [what, file, sentence] of [
  ['corrupt', { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a picture') }, 'not a picture'],
  ['huge', { name: 'huge.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(21_000_000) }, 'too large'],
] as const) {
  test(`a ${what} file is refused in words`, async ({ page }) => {
    await open(page, '/verify');
    await page.getByLabel('Name to verify').fill('Ann');
    await chooseFiles(page, file);
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await expect(answer(page)).toContainText(sentence);
  });
}

test('of several pictures the one that cannot be used is named', async ({ page }) => {
  await open(page);
  await enrol(page, 'Ann', 'ann-1.jpg', 'nobody.jpg', 'ann-2.jpg');
  await expect(answer(page)).toContainText(`Picture 2: ${sentence('no_face')}`);
  await expect(page.locator('.tray .wrong')).toHaveCount(1);
  await page.getByRole('button', { name: 'Remove picture 2' }).click();
  await expect(page.locator('.tray .wrong')).toHaveCount(0);
});

test('a file that is dropped beside its place is not opened instead of the page', async ({ page }) => {
  await open(page, '/enrol');
  const opened = await page.locator('h1').evaluate((heading) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['a picture'], 'a.jpg', { type: 'image/jpeg' }));
    return heading.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
  });
  expect(opened).toBe(false);
});

test('a receipt that the browser cannot keep is not said to be kept', async ({ page }) => {
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  await open(page);
  await enrol(page, 'Full', 'cat-1.jpg');
  await expect(answer(page)).toContainText('Full is enrolled');
  await expect(answer(page)).toContainText('could not keep the receipt');

  // By its face it can still be forgotten, and nobody else's search meets it.
  await goTo(page, 'Forget');
  await page.getByLabel('Name to forget').fill('Full');
  await choosePhotos(page, 'cat-1.jpg');
  await page.getByRole('button', { name: 'Forget this name' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Forget' }).click();
  await expect(answer(page)).toContainText('Full is forgotten');
});

test('weights that are not the released ones are refused', async ({ page }) => {
  await page.route('**/models/encoder.bin', async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body[1000]! ^= 1;
    await route.fulfill({ response, body });
  });
  await page.goto('/verify');
  await expect(page.getByText('is not the released one')).toBeVisible({ timeout: 60_000 });
});

test('without WebGPU the app runs on the next backend, without any 3D on WebAssembly', async ({ baseURL }) => {
  const { args, ...options } = launchOptions();
  const without = async (flags: readonly string[], use: (page: Page) => Promise<void>) => {
    const browser = await chromium.launch({
      ...options,
      args: [...args.filter((flag) => !flag.includes('webgpu')), ...flags],
    });
    await use(await browser.newPage(baseURL === undefined ? {} : { baseURL }));
    await browser.close();
  };
  await without([], async (page) => {
    await page.goto('/');
    await expect(page.getByText(/Runs on (WebGL|WASM)/)).toBeVisible({ timeout: 60_000 });
  });
  await without(['--disable-gpu', '--disable-software-rasterizer'], async (page) => {
    await page.goto('/');
    await expect(page.getByText('Runs on WASM')).toBeVisible({ timeout: 60_000 });
    await verify(page, 'Ann', 'ann-1.jpg');
    await expect(answer(page)).toContainText('No match for Ann');
  });
});

test('a browser without WebAssembly is told that it cannot run the networks', async ({ page }) => {
  await page.route('**/assets/worker-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `delete self.WebAssembly;${await response.text()}` });
  });
  await page.goto('/');
  await expect(page.getByText(sentence('no_backend'))).toBeVisible({ timeout: 60_000 });
});

test('a server that is away is an error of the action, and the action can be tried again', async ({ page }) => {
  await open(page);
  await page.route('**/v1/**', (route) => route.abort());
  await verify(page, 'Ann', 'ann-1.jpg');
  await expect(answer(page)).toContainText('The cloud is away');
  await page.unroute('**/v1/**');
  await page.getByRole('button', { name: 'Verify', exact: true }).click();
  await expect(answer(page)).toContainText('No match for Ann');
});
