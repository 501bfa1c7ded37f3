import { randomBytes } from 'node:crypto';
import { serve } from '@hono/node-server';
import { createApp } from './app.js';
import { openEmbedded } from './drivers.js';
import { openStore } from './store.js';
import { meanStudent, SERVED, THRESHOLD } from './testing.js';

// A cloud to be killed by a test: `node --import tsx testing.child.ts FOLDER` prints its port when it is ready.

const store = await openStore(await openEmbedded(process.argv[2]));
const app = createApp({
  store,
  student: meanStudent,
  served: SERVED,
  threshold: THRESHOLD,
  now: Date.now,
  random: randomBytes,
  log: (entry) => process.stderr.write(`${JSON.stringify(entry)}\n`),
});
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => process.stdout.write(`${port}\n`));
