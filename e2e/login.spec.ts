import { sentence } from '../src/core/errors.js';
import { addDevice, answer, choosePhotos, open } from './fixtures/app.js';
import { expect, test, type Page } from './fixtures/test.js';

const heading = (page: Page) => page.getByRole('heading', { level: 1 });
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const chooseWay = (page: Page, name: string) =>
  page.getByRole('group', { name: 'How' }).getByText(name, { exact: true }).click();

/** Says it, and has the focus of what went away. */
async function answers(page: Page, text: string): Promise<void> {
  await expect(answer(page)).toHaveText(text);
  await expect(answer(page)).toBeFocused();
}

async function logIn(page: Page, photo: 'ann-probe.jpg' | 'bea-probe.jpg'): Promise<void> {
  await chooseWay(page, 'Log in');
  await choosePhotos(page, photo);
  await press(page, 'Log in with passkey and face');
}

test('register with passkey and face, log in with both, recover, renew, revoke, delete', async ({ page }) => {
  const dialog = page.getByRole('dialog');
  await addDevice(page);
  await open(page, '/demo/login');

  await chooseWay(page, 'Register');
  await page.getByLabel('Your name').fill('Ann');
  await choosePhotos(page, 'ann-1.jpg', 'ann-2.jpg', 'ann-3.jpg');
  // The cloud is away when the own key has been made: its words are shown all the same, until they are kept.
  await page.route('**/v1/login/challenges', (route) => route.abort(), { times: 1 });
  await press(page, 'Register passkey and face');
  await expect(answer(page)).toContainText(sentence('server_away'));
  const words = await page.locator('ol.codes code').allTextContents();
  expect(words).toHaveLength(24);
  await press(page, 'Register passkey and face');
  await expect(heading(page)).toHaveText('Welcome, Ann');
  await expect(answer(page)).toBeFocused();
  await expect(answer(page)).toContainText('You are logged in.');
  const codes = await page.locator('ul.codes code').allTextContents();
  expect(codes).toHaveLength(10);
  expect(await page.locator('ol.codes code').allTextContents()).toEqual(words);
  for (const shown of ['Recovery codes', 'The 24 words of your key']) {
    await page.getByRole('region', { name: shown }).getByRole('button', { name: 'I have written them down' }).click();
  }
  await answers(page, 'You are logged in.');
  await expect(page.locator('.codes')).toHaveCount(0);
  await press(page, 'Log out');
  await expect(heading(page)).toHaveText('Log in');
  await answers(page, 'You are logged out.');

  await logIn(page, 'bea-probe.jpg');
  await expect(answer(page)).toContainText('were not accepted together');
  await press(page, 'Choose again');
  await logIn(page, 'ann-probe.jpg');
  await expect(heading(page)).toHaveText('Welcome, Ann');
  await answers(page, 'You are logged in.');
  await expect(page.locator('main')).toContainText('You came in with passkey and face');
  await expect(page.locator('.trail')).toContainText('login: no match');
  await expect(page.locator('.trail')).toContainText('login: match');
  const cookies = await page.context().cookies();
  expect(cookies.find(({ name }) => name === '__Host-session')).toMatchObject({
    httpOnly: true,
    secure: true,
    sameSite: 'Strict',
  });

  const face = page.getByRole('heading', { name: 'Face', exact: true });
  await press(page, 'Renew the template');
  await expect(face).toBeFocused();
  await choosePhotos(page, 'ann-2.jpg');
  await press(page, 'Use this face');
  await expect(answer(page)).toHaveText('The template is renewed.');
  await expect(face).toBeFocused();

  // Nothing of it is left in a new page but the cookie.
  await page.reload();
  await expect(heading(page)).toHaveText('Welcome, Ann');
  await press(page, 'Revoke device 1');
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await expect(page.getByRole('button', { name: 'Revoke device 1' })).toBeFocused();
  await press(page, 'Revoke device 1');
  await dialog.getByRole('button', { name: 'Revoke' }).click();
  await expect(heading(page)).toHaveText('Log in');
  await expect(page.getByText('Runs on', { exact: false })).toBeVisible({ timeout: 60_000 });
  await logIn(page, 'ann-probe.jpg');
  await expect(answer(page)).toContainText('were not accepted together');

  await chooseWay(page, 'Recover');
  await page.getByRole('textbox', { name: 'Recovery code' }).fill(codes[0]!);
  await press(page, 'Log in with this code');
  await expect(page.locator('main')).toContainText('You came in with a recovery code');
  await expect(page.locator('main')).toContainText('9 of ten are left');
  await press(page, 'Delete the template');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page.locator('main')).toContainText('No template is kept');
  await answers(page, 'The template is deleted.');

  // The cloud is away, which is seen late: nothing is said to be done before it is.
  let refuse = () => {};
  const refused = new Promise<void>((resolve) => (refuse = resolve));
  await page.route('**/v1/login/account', async (route) => {
    if (route.request().method() !== 'DELETE') return route.fallback();
    await refused;
    await route.abort();
  });
  await press(page, 'Delete this account');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(answer(page)).toHaveText('Deleting the account.');
  await expect(dialog).toHaveCount(0);
  refuse();
  await expect(answer(page)).toHaveText(sentence('server_away'));
  await expect(page.getByRole('button', { name: 'Delete this account' })).toBeFocused();
  await page.unroute('**/v1/login/account');

  await press(page, 'Delete this account');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(heading(page)).toHaveText('Log in');
  await answers(page, 'The account is deleted.');
  await chooseWay(page, 'Recover');
  await page.getByRole('textbox', { name: 'Recovery code' }).fill(codes[1]!);
  await page.keyboard.press('Enter');
  await expect(answer(page)).toHaveText(sentence('code_refused'));
});
