import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Connection } from './drivers.js';
import { openGallery } from './templates.js';
import { seeded, SERVED } from './testing.js';

test('who removes others amid a search holds it up by nothing, and hides nobody', async () => {
  const PEOPLE = 60_000;
  const faces = Array.from({ length: PEOPLE }, (_, i) => Float32Array.from(new Int8Array(seeded(i)(128))));
  // The one who is looked for is the last, whom the first removal puts where the search has been.
  const wanted = faces.at(-1)!.map((value) => 3 * value);
  faces[PEOPLE - 1] = wanted;
  const table: Connection = {
    query: <Row>(sql: string, [, , after = 0, most = 0]: readonly unknown[] = []) => {
      const from = Number(after);
      const found = faces.slice(from, from + Number(most)).map((face, i) => ({
        subject: `person ${from + i}`,
        sealed: new Uint8Array(face.buffer),
        seq: String(from + i + 1),
      }));
      return Promise.resolve((sql.startsWith('SELECT 1') ? [{}] : found) as Row[]);
    },
  };
  const keyring = { open: (sealed: Uint8Array) => Promise.resolve(new Uint8Array(sealed)) };
  const gallery = openGallery(table, keyring, SERVED);
  await gallery.nearest(wanted);

  let removals = 0;
  let found: string | null | undefined;
  const search = gallery.nearest(wanted).then((nearest) => (found = nearest?.subject ?? null));
  for (; found === undefined; removals++) {
    await setImmediate();
    gallery.forget(`person ${removals}`);
  }
  await search;
  expect(found).toBe(`person ${PEOPLE - 1}`);
  expect(removals).toBeGreaterThan(1);
  expect(removals).toBeLessThan(20);
});
