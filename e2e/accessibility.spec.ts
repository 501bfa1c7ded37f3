import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { PATHS } from '../src/web/routes.js';
import { answer, open, verify } from './fixtures/app.js';

const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } };

/** Goes to a page of the app as the back button does, so that the model stays loaded. */
async function turnTo(page: Page, path: string): Promise<void> {
  if (new URL(page.url()).pathname === path) return;
  const before = await page.title();
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  await expect(page).not.toHaveTitle(before);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
}

/** In the dark only the colours are other. */
const RULES = { light: undefined, dark: ['color-contrast'] };

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, reducedMotion: 'reduce' });

    const findings = async (page: Page) => {
      const axe = new AxeBuilder({ page });
      const rules = RULES[colorScheme];
      return (await (rules ? axe.withRules(rules) : axe).analyze()).violations;
    };

    test('axe finds nothing on any page, nor on an answer with what left the browser', async ({ page }) => {
      await open(page);
      for (const path of Object.values(PATHS)) {
        await turnTo(page, path);
        expect.soft(await findings(page), path).toEqual([]);
      }
      await verify(page, 'Ann', 'ann-1.jpg');
      await expect(answer(page)).toContainText('No match for Ann');
      expect(await findings(page)).toEqual([]);
    });
  });
}

test('nothing is wider than the screen, and on phones touch targets are large enough', async ({ page }) => {
  await open(page);
  for (const [name, size] of Object.entries(SIZES)) {
    await page.setViewportSize(size);
    for (const path of Object.values(PATHS)) {
      await turnTo(page, path);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect.soft(width, `${path} on a ${name}`).toBeLessThanOrEqual(size.width);
      if (name !== 'phone') continue;
      for (const button of await page.getByRole('button').all()) {
        const box = await button.boundingBox();
        if (box === null) continue;
        expect.soft(Math.min(box.width, box.height), `${path} ${await button.innerText()}`).toBeGreaterThanOrEqual(44);
      }
    }
  }
});

test('the whole way can be gone with the keyboard', async ({ page }) => {
  await open(page, '/verify');
  await page.getByLabel('Name to verify').focus();
  await page.keyboard.type('Ann');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('switch')).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('radio', { name: 'Photos' })).toBeChecked();
  await page.keyboard.press('Tab');
  await expect(page.locator('input[type=file]')).toBeFocused();
  await page.locator('input[type=file]').setInputFiles('test-results/faces/ann-1.jpg');
  await page.getByRole('button', { name: 'Verify', exact: true }).press('Enter');
  await expect(answer(page)).toContainText('No match for Ann');
});
