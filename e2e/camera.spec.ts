import { resolve } from 'node:path';
import { chromium, expect, test, type Page } from '@playwright/test';
import { launchOptions } from '../tools/chromium.js';
import { answer, goTo, open } from './fixtures/app.js';
import { film } from './fixtures/faces.js';

/** A browser whose camera shows a film; or that has no camera; or whose person says no. */
async function withCamera(
  camera: 'ann' | 'bea' | 'nobody' | 'absent' | 'refused',
  baseURL: string | undefined,
  use: (page: Page) => Promise<void>,
) {
  const { args, ...options } = launchOptions();
  const fake = ['--use-fake-device-for-media-stream'];
  if (camera !== 'refused') fake.push('--use-fake-ui-for-media-stream');
  if (camera === 'absent') fake[0] = '--use-fake-device-for-media-stream=device-count=0';
  else if (camera !== 'refused') fake.push(`--use-file-for-fake-video-capture=${resolve(film(camera))}`);
  const browser = await chromium.launch({ ...options, args: [...args, ...fake] });
  try {
    await use(await browser.newPage(baseURL === undefined ? {} : { baseURL }));
  } finally {
    await browser.close();
  }
}

test('enrol and verify with the camera; another face is refused', async ({ baseURL }) => {
  const name = 'Bea at the camera';
  await withCamera('bea', baseURL, async (page) => {
    await open(page, '/enrol');
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Start camera' }).click();
    await page.getByRole('button', { name: /^Enrol with/ }).click({ timeout: 60_000 });
    await expect(answer(page)).toContainText(`${name} is enrolled`);

    await goTo(page, 'Verify');
    await page.getByRole('button', { name: 'Start camera' }).click();
    await expect(page.locator('.hint')).not.toContainText('Looking', { timeout: 60_000 });
    await page.getByRole('button', { name: 'Verify me' }).click();
    await expect(answer(page)).toContainText(`Yes, this is ${name}`);
    await expect(page.locator('video')).toHaveCount(0);
  });
  await withCamera('ann', baseURL, async (page) => {
    await open(page, '/verify');
    await page.getByLabel('Name to verify').fill(name);
    await page.getByRole('button', { name: 'Start camera' }).click();
    // A tilted head is a hint, not a refusal: the button takes the picture all the same.
    await expect(page.locator('.hint')).toContainText('turned', { timeout: 60_000 });
    await page.getByRole('button', { name: 'Verify me' }).click();
    await expect(answer(page)).toContainText(`No match for ${name}`);
  });
});

test('an empty room is answered with a hint', async ({ baseURL }) => {
  await withCamera('nobody', baseURL, async (page) => {
    await open(page, '/verify');
    await page.getByRole('button', { name: 'Start camera' }).click();
    await expect(page.locator('.hint')).toContainText('No face was found', { timeout: 60_000 });
  });
});

test('a refused camera and no camera at all are said in words', async ({ baseURL }) => {
  await withCamera('refused', baseURL, async (page) => {
    await open(page, '/verify');
    await page.getByRole('button', { name: 'Start camera' }).click();
    await expect(page.getByText('The camera was refused')).toBeVisible();
  });
  await withCamera('absent', baseURL, async (page) => {
    await open(page, '/verify');
    await page.getByRole('button', { name: 'Start camera' }).click();
    await expect(page.getByText('No camera was found')).toBeVisible();
  });
});
