import { defineConfig } from '@playwright/test';
import { launchOptions } from './tools/chromium.js';

/** The built app and the cloud are served from one port, with a database of the run's own. */
const PORT = 8099;
/** Pages of another origin, which hold <xnn-face-login>. */
const OTHER_PORT = 8098;

export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/fixtures/setup.ts',
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: 'list',
  use: { actionTimeout: 30_000, baseURL: `http://localhost:${PORT}`, launchOptions: launchOptions() },
  webServer: {
    // The embedded database is one process's at a time: a tenant and its keys are made before the server starts.
    command: `mkdir -p test-results &&
      node bin/xnn.js admin tenant create --tenant acme --json > test-results/owner.json &&
      node bin/xnn.js admin key create --tenant acme --role operator --json > test-results/operator.json &&
      node bin/xnn.js admin key create --tenant acme --role user --json > test-results/user.json &&
      exec node --import tsx src/server/main.ts`,
    url: `http://localhost:${PORT}/v1/health`,
    timeout: 120_000,
    env: { PORT: String(PORT), DATA_DIR: 'test-results/cloud', ALLOWED_ORIGINS: `http://localhost:${OTHER_PORT}` },
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
  },
});
