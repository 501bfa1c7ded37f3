import { expect, test, type Page } from './fixtures/test.js';

/** Keeps the app away until it is let in. @returns how to let it in */
async function holdBack(page: Page): Promise<() => void> {
  let letIn = (): void => {};
  const later = new Promise<void>((resolve) => (letIn = resolve));
  await page.route(/\/assets\/(main|render)-[^/]+\.js$/, async (route) => {
    await later;
    await route.continue();
  });
  return letIn;
}

/** Where title and lead stand, and what they say. */
const opening = (page: Page) =>
  page.evaluate(() =>
    ['.brand', 'main h1', 'main .lead'].map((selector) => {
      const element = document.querySelector<HTMLElement>(selector)!;
      const { x, y, width, height } = element.getBoundingClientRect();
      return { text: element.innerText.trim(), x, y, width, height };
    }),
  );

for (const [locale, title] of [
  ['en-GB', 'Verify'],
  ['fr-CA', 'Vérifier'],
  ['ar', 'تحقّق'],
] as const) {
  test.describe(`in a browser that speaks ${locale}`, () => {
    test.use({ locale });

    test('a page begins before the app is there, in language and theme, and stays where it is when it comes', async ({
      page,
    }) => {
      await page.addInitScript(() => localStorage.setItem('settings', JSON.stringify({ theme: 'dark' })));
      for (const path of ['/verify', '/', '/demo/login']) {
        const letIn = await holdBack(page);
        await page.goto(path);
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
        if (path === '/verify') await expect(page.getByRole('heading', { level: 1 })).toHaveText(title);
        await expect(page.locator('html')).toHaveAttribute('lang', locale.slice(0, 2));
        await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
        await expect(page.locator('.footer')).toHaveCount(0);
        const before = await opening(page);
        letIn();
        await expect(page.locator('.footer')).toBeVisible();
        expect(await opening(page)).toEqual(before);
        await page.unrouteAll({ behavior: 'wait' });
      }
    });
  });
}

test('a page that does not arrive is said in words, and the others can be gone to', async ({ page }) => {
  await page.route(/\/assets\/Verify-[^/]+\.js$/, (route) => route.abort());
  await page.goto('/verify');
  await expect(page.getByRole('main').getByRole('alert')).toContainText('page_failed');
  await page.context().setOffline(true);
  await expect(page.getByRole('main').getByRole('alert')).toContainText('server_away');
  await page.context().setOffline(false);
  await page.getByRole('navigation').getByRole('link', { name: 'Enrol' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Enrol');
  await page.unrouteAll({ behavior: 'wait' });
  await page.getByRole('navigation').getByRole('link', { name: 'Verify' }).click();
  await page.getByRole('button', { name: 'Reload' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Verify');
});
