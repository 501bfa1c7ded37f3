import { defineConfig } from '@playwright/test';
import { launchOptions } from './tools/chromium.js';

/** The built app and the cloud are served from one port, with a database of the run's own. */
const PORT = 8099;
/** Pages of another origin, which hold <xnn-face-login>. */
const OTHER_PORT = 8098;

export default defineConfig({
  testDir: 'e2e',
  snapshotPathTemplate: '{testDir}/pictures/{arg}{ext}',
  globalSetup: './e2e/fixtures/setup.ts',
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: 'list',
  use: { actionTimeout: 30_000, baseURL: `http://localhost:${PORT}`, launchOptions: launchOptions() },
  webServer: {
    command: 'node --import tsx e2e/fixtures/server.ts',
    url: `http://localhost:${PORT}/v1/health`,
    timeout: 120_000,
    env: { PORT: String(PORT), DATA_DIR: 'test-results/cloud', ALLOWED_ORIGINS: `http://localhost:${OTHER_PORT}` },
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
  },
});
