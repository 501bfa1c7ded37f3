import { join } from 'node:path';
import { openEmbedded } from '../drivers.js';
import { openStore } from '../store.js';
import { logOfChild, MASTER, serveChild } from '../testing.js';
import { TrainingQueue, USUAL_LIMITS } from './queue.js';
import { jobRows } from './rows.js';
import { FAKE_TRAINER } from './testing.js';

// A cloud that trains, to be killed by a test: `node --import tsx testing.child.ts FOLDER`.

const folder = process.argv[2]!;
const store = await openStore(await openEmbedded(folder), MASTER);
const rows = jobRows(store.driver);
const queue = new TrainingQueue({
  rows,
  folder: join(folder, 'training-jobs'),
  trainer: () => Promise.resolve(FAKE_TRAINER),
  limits: USUAL_LIMITS,
  now: Date.now,
  log: logOfChild,
});
await queue.start();
serveChild(store, { training: { queue, rows } });
