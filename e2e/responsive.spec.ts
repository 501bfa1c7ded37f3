import { expect, test } from '@playwright/test';
import { BACKENDS } from '../src/client/types.js';
import { answer, open, verify } from './fixtures/app.js';

/** Longest that one task may keep the page's own thread computing, in ms. */
const LONGEST = 50;

/** What is read of an event of Chromium's trace. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Begin on the clock, in µs. */
  readonly ts: number;
  /** Time that the thread computed, in µs. The task in which tracing ends has none. */
  readonly tdur?: number;
}

/**
 * The tasks of the page's own thread since its document began, in ms of computing.
 *
 * Not in ms of the clock: without a GPU the networks and the drawing share the cores with the page, and any other program does, too.
 * A task of 2 ms that has to wait for a core lasts 50 ms or 300 ms then, whatever the page does; what the page does is what it computes.
 */
function tasksOf(trace: Buffer): readonly number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: readonly TraceEvent[] };
  const opened = traceEvents.find(({ name }) => name === 'opened');
  return traceEvents
    .filter(({ name, pid, tid }) => name === 'RunTask' && pid === opened?.pid && tid === opened.tid)
    .flatMap(({ ts, tdur }) => (opened && ts > opened.ts && tdur !== undefined ? tdur / 1000 : []));
}

for (const backend of BACKENDS) {
  test(`on ${backend} the page never computes for over ${LONGEST} ms while it starts and verifies`, async ({
    browser,
    page,
  }) => {
    await page.addInitScript(() => performance.mark('opened'));
    await browser.startTracing(page, { categories: ['blink.user_timing', 'disabled-by-default-devtools.timeline'] });
    await open(page, '/', backend);
    await verify(page, 'Nobody', 'ann-1.jpg');
    await expect(answer(page)).toContainText('No match for Nobody');
    await expect(page.getByRole('region', { name: 'What left your browser' })).toBeVisible();
    // Once more, so that what left has been drawn.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn))));
    const tasks = tasksOf(await browser.stopTracing());

    expect(tasks.length).toBeGreaterThan(100);
    expect(tasks.filter((computed) => computed > LONGEST)).toEqual([]);
  });
}
