import AxeBuilder from '@axe-core/playwright';
import { answer, choosePhotos, identify, open } from './fixtures/app.js';
import { expect, test } from './fixtures/test.js';

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

  // Another picture, which is made ready for sending and not sent; drawn anew, so its noise is another.
  await choosePhotos(page, 'bea-1.jpg');
  await page.getByRole('button', { name: 'Attack this picture' }).click();
  await expect(seen).toBeVisible();

  expect(asked.filter(({ url }) => url.pathname.startsWith('/attackers/')).length).toBe(5);
  for (const { method, url, body } of asked.filter(({ url }) => url.protocol !== 'blob:')) {
    expect({ method, body, host: url.host }, url.href).toEqual({
      method: 'GET',
      body: null,
      host: new URL(page.url()).host,
    });
    expect(url.search).toBe('');
  }
});
