import { expect, test } from '@playwright/test';
import { answer, goTo, open } from './fixtures/app.js';
import { withCamera } from './fixtures/camera.js';

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
