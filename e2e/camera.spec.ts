import AxeBuilder from '@axe-core/playwright';
import { answer, goTo, open } from './fixtures/app.js';
import { withCamera } from './fixtures/camera.js';
import { expect, test } from './fixtures/test.js';

test('enrol and verify with the camera; another face is refused', async ({ baseURL }) => {
  const name = 'Bea at the camera';
  await withCamera('bea', baseURL, async (page) => {
    await open(page, '/enrol');
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Start camera' }).click();
    await page.getByRole('button', { name: /^Enrol with/ }).click({ timeout: 60_000 });
    await expect(answer(page)).toContainText(`${name} is enrolled`);

    await goTo(page, 'Verify');
    await page.getByRole('button', { name: 'Start camera' }).click();
    await expect(page.locator('.hint')).not.toContainText('Looking', { timeout: 60_000 });
    await page.getByRole('button', { name: 'Verify me' }).click();
    await expect(answer(page)).toContainText(`Yes, this is ${name}`);
    await expect(page.locator('video')).toHaveCount(0);
  });
  await withCamera('ann', baseURL, async (page) => {
    await open(page, '/verify');
    await page.getByLabel('Name to verify').fill(name);
    await page.getByRole('button', { name: 'Start camera' }).click();
    // A tilted head is a hint, not a refusal: the button takes the picture all the same.
    await expect(page.locator('.hint')).toContainText('turned', { timeout: 60_000 });
    await page.getByRole('button', { name: 'Verify me' }).click();
    await expect(answer(page)).toContainText(`No match for ${name}`);
  });
});

test('an empty room is answered with a hint', async ({ baseURL }) => {
  await withCamera('nobody', baseURL, async (page) => {
    await open(page, '/verify');
    await page.getByRole('button', { name: 'Start camera' }).click();
    await expect(page.locator('.hint')).toContainText('No face was found', { timeout: 60_000 });
  });
});

test('a refused camera and no camera at all are said in words', async ({ baseURL }) => {
  await withCamera('refused', baseURL, async (page) => {
    await open(page, '/verify');
    await page.getByRole('button', { name: 'Start camera' }).click();
    await expect(page.getByText('The camera was refused')).toBeVisible();
  });
  await withCamera('absent', baseURL, async (page) => {
    await open(page, '/verify');
    await page.getByRole('button', { name: 'Start camera' }).click();
    await expect(page.getByText('No camera was found')).toBeVisible();
  });
});

test('in the dark the screen can light the face, after a warning, steadily, and not for longer than wanted', async ({
  baseURL,
}) => {
  const dark = { colorScheme: 'dark', reducedMotion: 'reduce', viewport: { width: 320, height: 640 } } as const;
  await withCamera(
    'dark',
    baseURL,
    async (page) => {
      await open(page, '/verify');
      await page.getByRole('button', { name: 'Start camera' }).click();
      await expect(page.locator('.hint')).toContainText('too dark', { timeout: 60_000 });
      const light = page.getByRole('button', { name: 'Light my face' });
      await expect(light).toBeVisible();
      await expect(page.getByRole('status').filter({ hasText: 'epilepsy' })).toContainText('without flashing');
      const surround = () => page.locator('.finder').evaluate((element) => getComputedStyle(element).backgroundColor);
      expect(await surround()).not.toBe('rgb(255, 255, 255)');

      await light.focus();
      await page.keyboard.press('Enter');
      expect(await surround()).toBe('rgb(255, 255, 255)');
      const off = page.getByRole('button', { name: 'Switch the light off' });
      await expect(off).toBeFocused();
      const { width, height } = (await page.locator('.finder').boundingBox())!;
      expect([width, height]).toEqual([320, 640]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
      expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      // Nothing else can be reached that cannot be seen.
      const inside = () => page.evaluate(() => document.activeElement?.closest('.finder, body')?.className);
      for (let stop = 0; stop < 8; stop++) {
        await page.keyboard.press('Tab');
        expect(['finder lit', '']).toContain(await inside());
      }
      await off.focus();
      await page.keyboard.press('Escape');
      await expect(light).toBeFocused();
      await expect(page.locator('[inert]')).toHaveCount(0);

      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Stop camera' }).click();
      await expect(page.locator('.lit, [inert]')).toHaveCount(0);
    },
    dark,
  );
});
