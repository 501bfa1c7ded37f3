import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { createApp } from '../app.js';
import { openEmbedded } from '../drivers.js';
import { openStore } from '../store.js';
import { KEYED, MASTER, meanStudent, SERVED, THRESHOLD, UNLIMITED } from '../testing.js';
import { TrainingQueue, USUAL_LIMITS } from './queue.js';
import { jobRows } from './rows.js';
import { FAKE_TRAINER } from './testing.js';

// A cloud that trains, to be killed by a test: `node --import tsx testing.child.ts FOLDER` prints its port when it is ready.

const folder = process.argv[2]!;
const log = (entry: object) => process.stderr.write(`${JSON.stringify(entry)}\n`);
const driver = await openEmbedded(folder);
const store = await openStore(driver, MASTER);
const rows = jobRows(driver);
const queue = new TrainingQueue({
  rows,
  folder: join(folder, 'training-jobs'),
  trainer: () => Promise.resolve(FAKE_TRAINER),
  limits: USUAL_LIMITS,
  now: Date.now,
  log,
});
await queue.start();
const app = createApp({
  store,
  student: meanStudent,
  served: SERVED,
  threshold: THRESHOLD,
  keyed: KEYED,
  now: Date.now,
  random: randomBytes,
  log,
  rates: UNLIMITED,
  addressOf: () => '',
  training: { queue, rows },
});
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => process.stdout.write(`${port}\n`));
