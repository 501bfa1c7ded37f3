import type { Page } from 'puppeteer-core';
import { picture, type Picture } from './fixtures/faces.js';
import { fill, findFirefox, press, waitForText, withFirefox } from './fixtures/firefox.js';
import { perturbedOnly, record } from './fixtures/recorder.js';
import { expect, test } from './fixtures/test.js';

const NAME = 'Ann of Firefox';

async function choosePhotos(page: Page, ...names: readonly Picture[]): Promise<void> {
  await page.locator('::-p-text(Photos)').click();
  const input = await page.waitForSelector('input[type=file]');
  await input!.uploadFile(...names.map(picture));
}

async function verify(page: Page, photo: Picture): Promise<void> {
  await press(page, 'link', 'Verify');
  await fill(page, 'Name to verify', NAME);
  await choosePhotos(page, photo);
  await press(page, 'button', 'Verify');
}

test('in Firefox, on the backend it picks: enrol, yes, no, forget; perturbed features leave it and nothing else', async ({
  baseURL,
}) => {
  const firefox = findFirefox();
  test.skip(firefox === undefined, 'Firefox is not installed');
  test.setTimeout(240_000);
  const recorder = await record();
  const errors: unknown[] = [];
  await withFirefox(firefox!, new URL(recorder.address), async (page) => {
    page.on('pageerror', (error) => errors.push(error));
    await page.goto(baseURL!);
    await waitForText(page, '.chip', 'Runs on');
    expect(await page.$eval('.chip', (chip) => chip.textContent)).toMatch(/Runs on (WebGPU|WASM)/);

    await press(page, 'link', 'Enrol');
    await fill(page, 'Your name', NAME);
    await choosePhotos(page, 'ann-1.jpg', 'ann-2.jpg', 'ann-3.jpg');
    await press(page, 'button', 'Enrol with 3 pictures');
    await waitForText(page, '.answer', `${NAME} is enrolled`);
    await verify(page, 'ann-probe.jpg');
    await waitForText(page, '.answer', `Yes, this is ${NAME}`);
    await press(page, 'link', 'Enrol');
    await verify(page, 'bea-probe.jpg');
    await waitForText(page, '.answer', `No match for ${NAME}`);

    await press(page, 'link', 'Forget');
    await press(page, 'button', `Forget ${NAME}`);
    await press(page, 'button', 'Forget');
    await waitForText(page, '.answer', `${NAME} is forgotten`);
  });
  recorder.close();

  expect(errors).toEqual([]);
  const requests = recorder.requests.filter(({ url }) => url.origin === baseURL);
  expect(requests.length).toBeGreaterThan(10);
  // Everything else is Firefox's own.
  const others = recorder.requests.filter(({ url }) => url.origin !== baseURL);
  for (const { url } of others) expect(url.hostname).toMatch(/\.(mozilla\.(com|org|net)|firefox\.com)$/);
  expect(perturbedOnly(requests)).toHaveLength(5);
});
