import { sentence } from '../src/core/errors.js';
import { KEYED_MESSAGE_BYTES, MESSAGE_BYTES } from '../src/wire/message.js';
import { addDevice, answer, enrol, forget, goTo, identify, open, verify } from './fixtures/app.js';
import { expect, test, type Page } from './fixtures/test.js';

const toKey = (page: Page) => page.getByRole('link', { name: 'Your own key', exact: true }).click();
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

async function remove(page: Page): Promise<void> {
  await press(page, 'Remove from this browser');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(answer(page)).toContainText('The key is gone from this browser');
}

async function useWords(page: Page, words: string): Promise<void> {
  await toKey(page);
  await page.getByLabel('The 24 words of a key you have').fill(words);
  await press(page, 'Use these words');
}

test('a face under its own key: made, used, lost, brought to another browser, changed', async ({ page, browser }) => {
  const sent: [path: string, bytes: number][] = [];
  page.on('request', (request) => {
    const path = new URL(request.url()).pathname;
    if (request.method() === 'POST' && !path.endsWith('challenges'))
      sent.push([path.split('/').at(-1)!, request.postDataBuffer()!.length]);
  });
  await addDevice(page);
  const tab = await page.context().newPage();
  await open(tab);
  await page.bringToFront();
  await open(page);
  await toKey(page);
  await press(page, 'Take it from its passkey');
  await expect(answer(page)).toContainText(sentence('passkey_failed'));
  await press(page, 'Make a key with a passkey');
  await expect(answer(page)).toContainText('Your key is made');
  const words = await page.locator('ol.codes code').allTextContents();
  expect(words).toHaveLength(24);
  const asked = page.waitForEvent('dialog');
  await page.evaluate(() => setTimeout(() => location.reload()));
  await (await asked).dismiss();
  await expect(page.locator('ol.codes code')).toHaveCount(24);

  await goTo(page, 'Enrol');
  await enrol(page, 'Keyed', 'ann-1.jpg');
  await expect(answer(page)).toContainText('Keyed is enrolled');
  await verify(page, 'Keyed', 'ann-probe.jpg');
  await expect(answer(page)).toContainText('Yes, this is Keyed');
  await expect(page.getByRole('region', { name: 'What left your browser' })).toContainText(
    'A direction under your key',
  );
  await verify(page, 'Keyed', 'bea-probe.jpg');
  await expect(answer(page)).toContainText('No match for Keyed');
  await identify(page, 'ann-probe.jpg');
  await expect(page.locator('.sent')).toBeVisible();
  await expect(answer(page)).not.toContainText('This is Keyed');
  expect(sent).toEqual([
    ['enrolment', KEYED_MESSAGE_BYTES],
    ['verification', KEYED_MESSAGE_BYTES],
    ['verification', KEYED_MESSAGE_BYTES],
    ['identification', MESSAGE_BYTES],
  ]);

  // A tab that was open before the key was made has it, too.
  await verify(tab, 'Keyed', 'ann-probe.jpg');
  await expect(answer(tab)).toContainText('Yes, this is Keyed');
  await tab.close();

  // The key outlives the page; its words do not come again.
  await open(page, '/own-key');
  await expect(page.locator('.key-facts')).toContainText(/[0-9a-f]{16}/);
  await expect(page.locator('ol.codes')).toHaveCount(0);

  // Another browser has it by its words, and only by them.
  const other = await (await browser.newContext()).newPage();
  await open(other);
  await verify(other, 'Keyed', 'ann-probe.jpg');
  await expect(answer(other)).toContainText('No match for Keyed');
  await useWords(other, 'abandon abandon');
  await expect(answer(other)).toContainText(sentence('words_invalid'));
  // What was typed can be mended.
  await expect(other.getByLabel('The 24 words of a key you have')).toHaveValue('abandon abandon');
  await useWords(other, words.join(' '));
  await expect(answer(other)).toContainText('Your key is back');
  await verify(other, 'Keyed', 'ann-probe.jpg');
  await expect(answer(other)).toContainText('Yes, this is Keyed');
  await other.context().close();

  // A browser that only has the passkey, as one does that it was synced to.
  const fingerprint = await page.locator('.key-facts').textContent();
  await remove(page);
  await press(page, 'Take it from its passkey');
  await expect(answer(page)).toContainText('Your key is back');
  expect(await page.locator('.key-facts').textContent()).toBe(fingerprint);
  await verify(page, 'Keyed', 'ann-probe.jpg');
  await expect(answer(page)).toContainText('Yes, this is Keyed');
  await toKey(page);

  // A new key: the old template never matches again, and goes by its receipt.
  await press(page, 'Change to a new key with words alone');
  await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click();
  await expect(answer(page)).toContainText('Your key is made');
  await verify(page, 'Keyed', 'ann-probe.jpg');
  await expect(answer(page)).toContainText('bring that key back, or enrol again');
  await forget(page, 'Keyed');
  await expect(answer(page)).toContainText('Keyed is forgotten');
  await toKey(page);
  await remove(page);
});
