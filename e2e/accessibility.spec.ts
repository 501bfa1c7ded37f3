import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { answer, open, verify } from './fixtures/app.js';

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, reducedMotion: 'reduce' });

    for (const path of ['/', '/enrol', '/verify', '/identify', '/forget', '/own-key', '/key']) {
      test(`axe finds nothing on ${path}`, async ({ page }) => {
        await open(page, path);
        expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      });
    }

    test('axe finds nothing on an answer with what left the browser', async ({ page }) => {
      await open(page);
      await verify(page, 'Ann', 'ann-1.jpg');
      await expect(answer(page)).toContainText('No match for Ann');
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    });
  });
}

test('at phone size nothing is wider than the screen, and touch targets are large enough', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ['/', '/enrol', '/verify', '/identify', '/forget', '/own-key', '/key']) {
    await open(page, path);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    for (const button of await page.getByRole('button').all()) {
      const box = await button.boundingBox();
      if (box !== null)
        expect.soft(Math.min(box.width, box.height), await button.innerText()).toBeGreaterThanOrEqual(44);
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
