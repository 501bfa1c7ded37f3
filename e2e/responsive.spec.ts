import { expect, test } from '@playwright/test';
import { answer, open, verify } from './fixtures/app.js';

// A shared machine may stop any process for longer than a frame, so the best of three runs counts.
test.describe.configure({ retries: 2 });

// Not on WebGPU: without a GPU its shaders run on the page's own cores, and what is measured is the machine (docs/log.md).
test('the page is never busy for over 50 ms while it starts and verifies', async ({ page }) => {
  await page.addInitScript(() => {
    const tasks: number[] = [];
    Object.assign(window, { tasks });
    // Tasks of over 50 ms, from when the page is there: its own script has run and the worker begins.
    addEventListener('load', () => {
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
        type: 'longtask',
      });
    });
  });
  await open(page);
  await verify(page, 'Nobody', 'ann-1.jpg');
  await expect(answer(page)).toContainText('No match for Nobody');
  expect(await page.evaluate(() => (window as unknown as { tasks: number[] }).tasks)).toEqual([]);
});
