import AxeBuilder from '@axe-core/playwright';
import { sentence } from '../src/core/errors.js';
import { PATHS } from '../src/web/routes.js';
import { answer, open, turnTo, verify } from './fixtures/app.js';
import { expect, test, type Page } from './fixtures/test.js';

/** A screen of 1280 × 1024 at 200 % and at 400 % is one of half and of a quarter of that (WCAG 1.4.10). */
const SIZES = {
  phone: { width: 390, height: 844 },
  tablet: { width: 820, height: 1180 },
  desktop: { width: 1440, height: 900 },
  'desktop at 200 %': { width: 640, height: 512 },
  'desktop at 400 %': { width: 320, height: 256 },
};

/** In the dark only the colours are other. */
const RULES = { light: undefined, dark: ['color-contrast'] };

/** Of the report's attackers, whose hundreds of rows take axe long: all but the first, which is made as they are. */
const LIKE_THE_FIRST = '.attacker ~ .attacker';

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    const findings = async (page: Page) => {
      const axe = new AxeBuilder({ page });
      const rules = RULES[colorScheme];
      return (await (rules ? axe.withRules(rules).exclude(LIKE_THE_FIRST) : axe).analyze()).violations;
    };

    test('axe finds nothing on any page, nor on an answer with what left the browser', async ({ page }) => {
      await open(page);
      expect.soft(await findings(page), 'the first visit').toEqual([]);
      await page.getByRole('button', { name: 'First show me everything' }).click();
      await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
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

test('axe finds nothing in Arabic, which is written from the right', async ({ page }) => {
  await open(page, '/settings');
  await page.locator('.footer').getByLabel('Language').selectOption('ar');
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  for (const path of ['/settings', '/verify', '/report'] as const) {
    await turnTo(page, path);
    expect.soft((await new AxeBuilder({ page }).exclude(LIKE_THE_FIRST).analyze()).violations, path).toEqual([]);
  }
  await expect(page.locator('main [lang=en][dir=ltr]')).toBeVisible();
});

test('nothing is wider than the screen, and on phones touch targets are large enough', async ({ page }) => {
  await open(page);
  // Pages first and sizes within: turning takes longer.
  for (const path of Object.values(PATHS)) {
    await turnTo(page, path);
    for (const [name, size] of Object.entries(SIZES)) {
      await page.setViewportSize(size);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect.soft(width, `${path} on a ${name}`).toBeLessThanOrEqual(size.width);
      if (name !== 'phone') continue;
      // Of a radio or a switch that is drawn by its label, the label is pressed.
      for (const control of await page.locator('button, select, input:not(.hidden), nav a').all()) {
        const label = control.locator('xpath=ancestor::label');
        const box = await ((await label.count()) > 0 ? label : control).boundingBox();
        if (box === null) continue;
        const what = await control.evaluate((element) => element.outerHTML.slice(0, 120));
        // WCAG 2.2 AA wants 24; links among others in the footer have that.
        const least = (await control.locator('xpath=ancestor::footer').count()) > 0 ? 24 : 44;
        expect.soft(Math.min(box.width, box.height), `${path} ${what}`).toBeGreaterThanOrEqual(least);
      }
    }
  }
});

test('words and names of any length fit on a phone', async ({ page }) => {
  await page.setViewportSize(SIZES['desktop at 400 %']);
  const fits = async (what: string) => {
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect.soft(width, what).toBeLessThanOrEqual(320);
  };
  await page.addInitScript((name) => localStorage.setItem('receipts', JSON.stringify({ [name]: '' })), 'W'.repeat(64));
  await open(page, '/forget');
  await fits('whom to forget');
  await page.getByRole('button', { name: 'Forget W' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Forget' }).click();
  await expect(answer(page)).toContainText(sentence('request_invalid'));
  await verify(page, 'W'.repeat(64), 'ann-1.jpg');
  await expect(answer(page)).toContainText('No match for W');
  // What is far below is not laid out yet.
  await expect(page.locator('.anatomy')).toBeAttached();
  await fits('an answer');
  await page.locator('.footer').getByLabel('Language').selectOption('de');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Prüfen');
  await fits('an answer in German');
  await turnTo(page, '/demo/login');
  await fits('the login in German');
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

  // What will happen is there again and not read out; Enter asks from the field, and not from the switch.
  await page.getByLabel('Name to verify').fill('Bea');
  await expect(page.getByRole('heading', { name: 'What will happen' })).toBeVisible();
  await page.getByRole('switch').press('Enter');
  await expect(answer(page)).toBeEmpty();
  await page.getByLabel('Name to verify').press('Enter');
  await expect(answer(page)).toContainText('No match for Bea');
});

test('a link to a part of a page leads there', async ({ page }) => {
  await page.goto('/report#not-run');
  await expect(page.getByRole('heading', { name: 'What was not run' })).toBeInViewport();
});
