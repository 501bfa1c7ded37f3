import { expect, test } from '@playwright/test';
import { answer, open, verify } from './fixtures/app.js';

// The goal is 50 ms. On two shared cores without a GPU tasks of up to 107 ms were seen (docs/log.md), so what this test holds is coarser:
// nothing heavy has come back to the page's own thread.
test('the page is never busy for over 250 ms while it starts and verifies', async ({ page }) => {
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
  const tasks = await page.evaluate(() => (window as unknown as { tasks: number[] }).tasks);
  expect(tasks.filter((duration) => duration > 250)).toEqual([]);
});
