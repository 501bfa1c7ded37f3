import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { addDevice, chooseFiles, open } from './fixtures/app.js';
import { withCamera } from './fixtures/camera.js';
import { portraitOf, putPerson } from './fixtures/person.js';

test('a picture that stands still before the camera is refused, with a way on', async ({ baseURL }) => {
  await withCamera('bea-still', baseURL, async (page) => {
    await open(page, '/demo/login');
    await page.getByRole('button', { name: 'Start camera' }).click();
    await expect(page.locator('.hint')).toContainText('stands still', { timeout: 60_000 });
    await expect(page.getByRole('button', { name: 'Log in with passkey and face' })).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
    await expect(page.locator('main')).toContainText('log in with a recovery code');
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  });
});

test('a person who does what is asked logs in, with the challenge that asked', async ({ page }) => {
  const challenges: string[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('/v1/login/challenges'))
      void response.json().then(({ challenge }: { challenge: string }) => challenges.push(challenge));
  });
  await addDevice(page);
  await putPerson(page);
  const photo = { name: 'dee.jpg', mimeType: 'image/jpeg', buffer: await portraitOf(page) };
  await open(page, '/demo/login');
  const ways = page.getByRole('group', { name: 'How' });
  await ways.getByText('Register', { exact: true }).click();
  await page.getByLabel('Your name').fill('Dee');
  await chooseFiles(page, photo);
  await page.getByRole('button', { name: 'Register passkey and face' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Welcome, Dee');
  await page.getByRole('button', { name: 'Log out' }).click();

  const asked = challenges.length;
  await page.getByRole('button', { name: 'Start camera' }).click();
  await expect(page.locator('main')).toContainText('1 of 3 movements made', { timeout: 60_000 });
  await page.getByRole('button', { name: 'Log in with passkey and face' }).click({ timeout: 60_000 });
  await expect(page.locator('main')).toContainText('You came in with passkey and face');
  expect(challenges).toHaveLength(asked + 1);
});

test('who turns the other way than asked is told, and is asked for other movements next', async ({ page }) => {
  await putPerson(page, true);
  await open(page, '/verify');
  await page.getByLabel('Name to verify').fill('Dee');
  await page.getByRole('switch', { name: 'Check that somebody is there' }).click();
  await page.getByRole('button', { name: 'Start camera' }).click();
  await expect(page.locator('.hint')).toContainText('not the movement', { timeout: 60_000 });
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.locator('.hint')).not.toContainText('not the movement');
  await expect(page.locator('main')).toContainText('0 of 3 movements made');
});
