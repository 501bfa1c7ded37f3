import AxeBuilder from '@axe-core/playwright';
import { answer, choosePhotos, identify, open } from './fixtures/app.js';
import { expect, test } from './fixtures/test.js';

const [LINKED, NOT_LINKED] = [/^Linked: the same person/, /^Not linked/];
const MANIFESTS = ['manifest.json', 'manifest.json'];

test('what was just sent is attacked in the page, and nothing of it leaves', async ({ page }) => {
  await open(page);
  await identify(page, 'ann-1.jpg');
  await expect(answer(page)).toContainText('Nobody known');
  const asked: { method: string; url: URL; body: Buffer | null }[] = [];
  page
    .context()
    .on('request', (request) =>
      asked.push({ method: request.method(), url: new URL(request.url()), body: request.postDataBuffer() }),
    );
  // The footer has such a link, too, which takes nothing along.
  await page.locator('.reveal').getByRole('link', { name: 'Attack it yourself' }).click();
  await page.getByRole('button', { name: 'Attack what I sent' }).click();
  const seen = page.getByRole('region', { name: 'What an attacker sees' });
  await expect(seen).toBeVisible({ timeout: 60_000 });
  await expect(seen.getByRole('img')).toHaveCount(3);
  await expect(seen.locator('.verdict')).toHaveCount(2);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  // The linkage attacker, with the very picture, another of the same person, and one of somebody else.
  const linking = page.getByRole('region', { name: 'Does it give away whose it is?' });
  await linking.getByRole('button', { name: 'Compare with the same picture' }).press('Enter');
  await expect(linking.locator('.verdict')).toHaveText([LINKED, LINKED], { timeout: 60_000 });
  await expect(linking).toContainText('This was the easiest case.');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  for (const [photo, verdict] of [
    ['ann-probe.jpg', LINKED],
    ['bea-1.jpg', NOT_LINKED],
    ['cat-1.jpg', NOT_LINKED],
  ] as const) {
    await choosePhotos(linking, photo);
    await expect(linking.locator('.verdict')).toHaveCount(0);
    await linking.getByRole('button', { name: 'Compare it with my message' }).click();
    await expect(linking.locator('.verdict'), photo).toHaveText([verdict, verdict]);
    await expect(linking).not.toContainText('This was the easiest case.');
  }
  await choosePhotos(linking, 'nobody.jpg');
  await linking.getByRole('button', { name: 'Compare it with my message' }).click();
  await expect(linking.getByRole('status')).toContainText('no_face');

  // Another picture, which is made ready for sending and not sent; drawn anew, so its noise is another.
  await choosePhotos(page.locator('.desk').first(), 'bea-1.jpg');
  await page.getByRole('button', { name: 'Attack this picture' }).click();
  await expect(seen).toBeVisible();
  await expect(linking.locator('.verdict')).toHaveCount(0);

  // Each attacker once, after a manifest each.
  const attackers = asked.map(({ url }) => url.pathname).filter((path) => path.startsWith('/attackers/'));
  expect(attackers.map((path) => path.slice('/attackers/'.length)).sort()).toEqual(
    [...['clean', 'linker', 'xnn-d'].flatMap((name) => [`${name}.bin`, `${name}.json`]), ...MANIFESTS].sort(),
  );
  for (const { method, url, body } of asked.filter(({ url }) => url.protocol !== 'blob:')) {
    expect({ method, body, host: url.host }, url.href).toEqual({
      method: 'GET',
      body: null,
      host: new URL(page.url()).host,
    });
    expect(url.search).toBe('');
  }
});
