import { defineConfig } from '@playwright/test';
import { launchOptions } from './tools/chromium.js';

/** Measures, and would measure its neighbours too. */
const ALONE = 'responsive.spec.ts';
/** Takes minutes; begun last, it would be waited for. */
const LONGEST = 'walk.spec.ts';

export default defineConfig({
  testDir: 'e2e',
  snapshotPathTemplate: '{testDir}/pictures/{arg}{ext}',
  forbidOnly: true,
  globalSetup: './e2e/fixtures/setup.ts',
  // One works while another waits for a camera or a countdown; the machines that this is for have two cores.
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: 'list',
  // No service worker keeps the whole app for a browser that is gone in a moment, but where that is what is tested; and nobody waits for what moves.
  use: {
    actionTimeout: 30_000,
    launchOptions: launchOptions(),
    serviceWorkers: 'block',
    contextOptions: { reducedMotion: 'reduce' },
  },
  projects: [
    { name: 'longest', testMatch: LONGEST },
    { name: 'together', testIgnore: [ALONE, LONGEST] },
    { name: 'alone', testMatch: ALONE, dependencies: ['longest', 'together'] },
  ],
});
