import { sentence } from '../src/core/errors.js';
import { BACKENDS } from '../src/client/types.js';
import { answer, choosePhotos, enrol, forget, identify, open, verify } from './fixtures/app.js';
import { expect, test } from './fixtures/test.js';

for (const backend of BACKENDS) {
  test(`on ${backend}: enrol, verify, identify, see what left, forget`, async ({ page }) => {
    const name = `Ann ${backend}`;
    await open(page, '/', backend);

    await enrol(page, name, 'ann-1.jpg', 'ann-2.jpg', 'ann-3.jpg');
    await expect(answer(page)).toContainText(`${name} is enrolled`);
    await expect(page.getByText(/in (3|three) messages/)).toBeVisible();

    await verify(page, name, 'ann-probe.jpg');
    await expect(answer(page)).toContainText(`Yes, this is ${name}`);
    await expect(page.getByRole('region', { name: 'What left your browser' })).toBeVisible();
    await expect(page.locator('.sent')).toContainText('Encode');

    await verify(page, name, 'bea-probe.jpg');
    await expect(answer(page)).toContainText(`No match for ${name}`);

    await verify(page, 'Nobody of that name', 'ann-probe.jpg');
    await expect(answer(page)).toContainText('No match for Nobody of that name');

    await identify(page, 'ann-probe.jpg');
    await expect(answer(page)).toContainText(`This is ${name}`);
    await identify(page, 'cat-1.jpg');
    await expect(answer(page)).toContainText('Nobody known');

    await forget(page, name);
    await expect(answer(page)).toContainText(`${name} is forgotten`);
    await verify(page, name, 'ann-probe.jpg');
    await expect(answer(page)).toContainText(`No match for ${name}`);
  });
}

test('a name is enrolled once; another browser forgets it by face only', async ({ page, browser }) => {
  await open(page);
  await enrol(page, 'Bea', 'bea-1.jpg');
  await expect(answer(page)).toContainText('Bea is enrolled');
  await enrol(page, 'Bea', 'bea-1.jpg');
  await expect(answer(page)).toContainText('This name is taken');

  const other = await (await browser.newContext()).newPage();
  await open(other, '/forget');
  const forgetByFace = async (photo: 'cat-1.jpg' | 'bea-probe.jpg') => {
    await other.getByLabel('Name to forget').fill('Bea');
    await choosePhotos(other, photo);
    await other.getByRole('button', { name: 'Forget this name' }).click();
    await other.getByRole('dialog').getByRole('button', { name: 'Forget' }).click();
  };
  await forgetByFace('cat-1.jpg');
  await expect(answer(other)).toContainText(sentence('removal_refused'));
  await forgetByFace('bea-probe.jpg');
  await expect(answer(other)).toContainText('Bea is forgotten');
});

test('pictures of two people do not become one template', async ({ page }) => {
  await open(page);
  await enrol(page, 'Two people', 'ann-1.jpg', 'bea-1.jpg');
  await expect(answer(page)).toContainText('do not show the same person');
});
