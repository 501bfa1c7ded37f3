import AxeBuilder from '@axe-core/playwright';
import { sentence } from '../src/core/errors.js';
import { addDevice, answer, forget, open, turnTo } from './fixtures/app.js';
import { withCamera } from './fixtures/camera.js';
import { putPerson } from './fixtures/person.js';
import { expect, test } from './fixtures/test.js';

test('a picture that stands still before the camera is refused, with a way on', async ({ baseURL }) => {
  await withCamera('bea-still', baseURL, async (page) => {
    await open(page, '/demo/login');
    await page.getByRole('button', { name: 'Start camera' }).click();
    // Without a key of its own nobody is asked to move in vain.
    await expect(page.locator('.hint')).toHaveText(sentence('own_key_missing'));
    await expect(answer(page).getByRole('link', { name: 'Bring it back' })).toBeVisible();
    await turnTo(page, '/own-key');
    await page.getByRole('button', { name: 'Make a key with words alone' }).click();
    await expect(answer(page)).toContainText('Your key is made');
    await turnTo(page, '/demo/login');
    await page.getByRole('button', { name: 'Start camera' }).click();
    await expect(page.locator('.hint')).toContainText('stands still', { timeout: 60_000 });
    await expect(page.getByRole('button', { name: 'Log in with passkey and face' })).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
    await expect(page.locator('main')).toContainText('log in with a recovery code');
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  });
});

test('a person who does what is asked registers and logs in, each with the challenge that asked', async ({ page }) => {
  test.slow();
  const challenges: string[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('/v1/login/challenges'))
      void response.json().then(({ challenge }: { challenge: string }) => challenges.push(challenge));
  });
  await addDevice(page);
  await putPerson(page);
  await open(page, '/demo/login');
  const ways = page.getByRole('group', { name: 'How' });
  await ways.getByText('Register', { exact: true }).click();
  await page.getByLabel('Your name').fill('Dee');
  await page.getByRole('button', { name: 'Start camera' }).click();
  await expect(page.locator('main')).toContainText('1 of 3 movements made', { timeout: 60_000 });
  await page.getByRole('button', { name: 'Register passkey and face' }).click({ timeout: 60_000 });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Welcome, Dee');
  expect(challenges).toHaveLength(1);
  await page.getByRole('button', { name: 'Log out' }).click();

  await page.getByRole('button', { name: 'Start camera' }).click();
  await expect(page.locator('main')).toContainText('1 of 3 movements made', { timeout: 60_000 });
  // Who stops the passkey moves no second time.
  await page.evaluate(() => {
    const { credentials } = navigator;
    const get = credentials.get.bind(credentials);
    credentials.get = () => {
      credentials.get = get;
      return Promise.reject(new DOMException('', 'NotAllowedError'));
    };
  });
  await page.getByRole('button', { name: 'Log in with passkey and face' }).click({ timeout: 60_000 });
  await expect(answer(page)).toContainText(sentence('passkey_failed'));
  await page.getByRole('button', { name: 'Log in with passkey and face' }).click();
  await expect(page.locator('main')).toContainText('You came in with passkey and face');
  expect(challenges).toHaveLength(2);
});

test('who enrols can have it checked that somebody is there, and gives three pictures all the same', async ({
  page,
}) => {
  test.slow();
  await putPerson(page);
  await open(page, '/enrol');
  await page.getByLabel('Your name').fill('Dee');
  await page.getByRole('switch', { name: 'Check that somebody is there' }).click();
  await page.getByRole('button', { name: 'Start camera' }).click();
  await expect(page.locator('main')).toContainText('0 of 3 movements made');
  await page.getByRole('button', { name: 'Enrol with 3 pictures' }).click({ timeout: 60_000 });
  await expect(answer(page)).toContainText('Dee is enrolled');
  await forget(page, 'Dee');
  await expect(answer(page)).toContainText('Dee is forgotten');
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
