import AxeBuilder from '@axe-core/playwright';
import { answer, choosePhotos, identify, open } from './fixtures/app.js';
import { expect, test } from './fixtures/test.js';

const [LINKED, NOT_LINKED] = [/^Linked: the same person/, /^Not linked/];
const MANIFESTS = ['manifest.json', 'manifest.json'];
const JUDGE = ['manifest.json', 'face_recognition_model.bin', 'face_recognition_model-weights_manifest.json'];

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

  // A foreign judge of the same paintings, whose download is asked for.
  const foreign = page.getByRole('region', { name: 'And a judge from elsewhere?' });
  await foreign.getByRole('button', { name: 'Ask a foreign judge too (6.4 MB, once)' }).press('Enter');
  await expect(seen.locator('.verdict')).toHaveCount(4, { timeout: 60_000 });
  await expect(seen.locator('.verdict', { hasText: 'A foreign network, dlib’s' })).toHaveCount(2);
  await expect(foreign).toContainText('He takes 1 in 1,000 strangers for one person, too.');
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
  // Whoever was asked about other paintings says nothing of these before he is asked again.
  await expect(seen.locator('.verdict')).toHaveCount(2);
  await foreign.getByRole('button', { name: /^Ask a foreign judge/ }).click();
  await expect(seen.locator('.verdict')).toHaveCount(4);

  // Each attacker once, after a manifest each, and the judge.
  const from = (folder: string) =>
    asked
      .map(({ url }) => url.pathname)
      .filter((path) => path.startsWith(folder))
      .map((path) => path.slice(folder.length))
      .sort();
  expect(from('/attackers/')).toEqual(
    [...['clean', 'linker', 'xnn-d'].flatMap((name) => [`${name}.bin`, `${name}.json`]), ...MANIFESTS].sort(),
  );
  expect(from('/judge/')).toEqual([...JUDGE].sort());
  // What the page has already.
  expect(from('/models/')).not.toContain('encoder.bin');
  for (const { method, url, body } of asked.filter(({ url }) => url.protocol !== 'blob:')) {
    expect({ method, body, host: url.host }, url.href).toEqual({
      method: 'GET',
      body: null,
      host: new URL(page.url()).host,
    });
    expect(url.search).toBe('');
  }
});

test('a judge who does not arrive is said in words, and can be asked again', async ({ page }) => {
  await open(page, '/attack');
  await choosePhotos(page.locator('.desk').first(), 'ann-1.jpg');
  await page.getByRole('button', { name: 'Attack this picture' }).click();
  const seen = page.getByRole('region', { name: 'What an attacker sees' });
  await expect(seen.locator('.verdict')).toHaveCount(2, { timeout: 60_000 });
  const foreign = page.getByRole('region', { name: 'And a judge from elsewhere?' });
  const ask = foreign.getByRole('button', { name: /^Ask a foreign judge/ });

  await page.route('**/judge/*.bin', (route) => route.abort());
  await ask.click();
  await expect(foreign.getByRole('status')).toContainText('model_missing', { timeout: 60_000 });
  await expect(seen.locator('.verdict')).toHaveCount(2);

  await page.unroute('**/judge/*.bin');
  await page.route('**/judge/*.bin', (route) => route.fulfill({ body: 'another file' }));
  await ask.click();
  await expect(foreign.getByRole('status')).toContainText('model_hash_wrong', { timeout: 60_000 });

  await page.unroute('**/judge/*.bin');
  await ask.click();
  await expect(seen.locator('.verdict')).toHaveCount(4, { timeout: 60_000 });
});
