import { randomBytes } from 'node:crypto';
import { serve } from '@hono/node-server';
import { createApp } from './app.js';
import { openEmbedded } from './drivers.js';
import { openStore } from './store.js';
import { KEYED, MASTER, meanStudent, SERVED, THRESHOLD, UNLIMITED } from './testing.js';

// A cloud to be killed by a test: `node --import tsx testing.child.ts FOLDER` prints its port when it is ready.

const store = await openStore(await openEmbedded(process.argv[2]), MASTER);
await store.tenants.ensure(SERVED.tenant, 'test', true, { actor: 'test', at: new Date() });
const app = createApp({
  store,
  student: meanStudent,
  served: SERVED,
  threshold: THRESHOLD,
  keyed: KEYED,
  now: Date.now,
  random: randomBytes,
  rates: UNLIMITED,
  addressOf: () => '192.0.2.1',
  log: (entry) => process.stderr.write(`${JSON.stringify(entry)}\n`),
});
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => process.stdout.write(`${port}\n`));
