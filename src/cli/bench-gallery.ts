import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { similarity, unit, type Embedding } from '../core/match.js';
import { gaussian } from '../core/random.js';
import { EMBEDDING_SIZE } from '../core/spec.js';
import { openEmbedded, openPostgres, type Parameter } from '../server/drivers.js';
import { openStore, type Store } from '../server/store.js';
import { MASTER, SERVED } from '../server/testing.js';
import { sealEmbedding } from '../server/templates.js';
import { parsed, runCommand } from './command.js';

const HELP = `Measures identification (1:N) among made-up templates: how long the first search takes, which opens them all, how long each
further one, and how often the answer is the template of whom the face is.

  npm run bench:gallery -- [--people N,N,...] [--searches N] [--cosine C]

  --people N,N,...   templates (default 1000,10000,100000; 1000000 needs about 2 GB of memory)
  --searches N       after the first (default 50)
  --cosine C         of a face and its own template (default 0.65)

In an embedded database in memory, or in the empty one at DATABASE_URL, whose templates it deletes. Prints a line of JSON for each number.
`;

const ROWS_AT_ONCE = 1_000;

async function main(args: string[]): Promise<void> {
  const { values } = parsed(() =>
    parseArgs({
      args,
      options: {
        people: { type: 'string', default: '1000,10000,100000' },
        searches: { type: 'string', default: '50' },
        cosine: { type: 'string', default: '0.65' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return console.log(HELP);
  for (const people of values.people.split(',').map(Number)) {
    const url = process.env['DATABASE_URL'];
    const store = await openStore(url ? openPostgres(url, () => undefined) : await openEmbedded(), MASTER);
    try {
      const templates = Array.from({ length: people }, () => unit(gaussian(EMBEDDING_SIZE, randomBytes)));
      await fill(store, templates);
      console.log(JSON.stringify(await measure(store, templates, Number(values.searches), Number(values.cosine))));
    } finally {
      await store.driver.query('DELETE FROM templates WHERE tenant = $1', [SERVED.tenant]);
      await store.close();
    }
  }
}

async function fill({ driver, keyring }: Store, templates: readonly Embedding[]): Promise<void> {
  const columns = 6;
  for (let begin = 0; begin < templates.length; begin += ROWS_AT_ONCE) {
    const some = templates.slice(begin, begin + ROWS_AT_ONCE);
    const values = some.flatMap((embedding, i): Parameter[] => {
      const owner = { ...SERVED, subject: `person ${begin + i}` };
      const sealed = sealEmbedding(keyring, owner, embedding);
      return [owner.tenant, owner.subject, owner.model, sealed, new Uint8Array(32), new Date()];
    });
    const rows = some.map((_, i) => `(${Array.from({ length: columns }, (_, j) => `$${i * columns + j + 1}`).join()})`);
    await driver.query(
      `INSERT INTO templates (tenant, subject, model, sealed, receipt_hash, created_at) VALUES ${rows.join()}`,
      values,
    );
  }
}

async function measure(store: Store, templates: readonly Embedding[], searches: number, cosine: number) {
  const before = process.memoryUsage();
  const [opening] = await timed(() => store.nearest(SERVED, templates[0]!));
  const after = process.memoryUsage();
  const times: number[] = [];
  let [rank1, exact] = [0, 0];
  for (let search = 0; search < searches; search++) {
    const person = Math.floor((search * templates.length) / searches);
    const face = near(templates[person]!, cosine);
    const [ms, found] = await timed(() => store.nearest(SERVED, face));
    times.push(ms);
    if (found?.subject === `person ${person}`) rank1++;
    if (found?.subject === `person ${nearestOf(face, templates)}`) exact++;
  }
  times.sort((a, b) => a - b);
  const quantile = (share: number) =>
    Number(times[Math.min(times.length - 1, Math.floor(share * times.length))]!.toFixed(2));
  return {
    people: templates.length,
    openSeconds: Number((opening / 1000).toFixed(2)),
    searchMs: { p50: quantile(0.5), p95: quantile(0.95) },
    nearestFound: exact / searches,
    rank1: rank1 / searches,
    memoryMB: Math.round((after.external + after.heapUsed - before.external - before.heapUsed) / 1e6),
  };
}

/** A face with this cosine to a template. */
function near(template: Embedding, cosine: number): Embedding {
  const noise = gaussian(EMBEDDING_SIZE, randomBytes);
  const along = similarity(noise, template);
  const across = unit(noise.map((value, i) => value - along * template[i]!));
  return unit(template.map((value, i) => cosine * value + Math.sqrt(1 - cosine ** 2) * across[i]!));
}

function nearestOf(face: Embedding, templates: readonly Embedding[]): number {
  let [best, place] = [-Infinity, -1];
  templates.forEach((template, i) => {
    const cosine = similarity(face, template);
    if (cosine > best) [best, place] = [cosine, i];
  });
  return place;
}

async function timed<T>(work: () => Promise<T>): Promise<readonly [ms: number, result: T]> {
  const begun = performance.now();
  const result = await work();
  return [performance.now() - begun, result];
}

runCommand(main);
