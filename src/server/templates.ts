import { setImmediate } from 'node:timers/promises';
import type { Embedding } from '../core/match.js';
import { EMBEDDING_SIZE } from '../core/spec.js';
import type { Served } from '../protocol/recognise.js';
import { toHex } from '../wire/hex.js';
import type { Connection } from './drivers.js';
import type { Keyring } from './keyring/keyring.js';

/** Whose template it is. What is sealed for one does not open as another's. */
export interface TemplateOwner extends Served {
  readonly subject: string;
}

/** @throws an Error if it is no embedding */
export function sealEmbedding(keyring: Keyring, owner: TemplateOwner, embedding: Embedding): Uint8Array {
  if (embedding.length !== EMBEDDING_SIZE) throw new Error(`an embedding of ${embedding.length} values`);
  if (!embedding.every(Number.isFinite)) throw new Error('an embedding that is not finite');
  const { buffer, byteOffset, byteLength } = embedding;
  return keyring.seal(new Uint8Array(buffer, byteOffset, byteLength), ...contextOf(owner));
}

/** @throws master_key_wrong */
export async function openEmbedding(
  keyring: Pick<Keyring, 'open'>,
  owner: TemplateOwner,
  sealed: Uint8Array,
): Promise<Embedding> {
  const bytes = await keyring.open(sealed, ...contextOf(owner));
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function contextOf({ tenant, subject, model }: TemplateOwner) {
  return ['template', tenant, subject, model] as const;
}

/** Templates that are compared before other work gets its turn: about 5 ms. */
const SLICE = 20_000;
const MOST_READ = 5_000;

/**
 * Opened templates of a tenant and model in memory, 0.5 KB each, for 1:N. Reads what is new before every search, also what other processes
 * wrote. What they removed it notices when it would be the answer, or at the next `clear`.
 */
export interface Gallery {
  /** The template with the largest cosine, of all that are stored now; null without any. */
  nearest(embedding: Embedding): Promise<{ readonly subject: string; readonly embedding: Embedding } | null>;
  forget(subject: string): void;
  clear(): void;
}

export function openGallery(database: Connection, keyring: Pick<Keyring, 'open'>, served: Served): Gallery {
  let values = new Float32Array(0);
  /** By row of `values`. */
  let rows: { readonly subject: string; readonly seq: string }[] = [];
  let places = new Map<string, number>();
  let last = '0';
  /** Of each search under way, the places that hold something else than when it began. */
  const searches = new Set<Set<number>>();
  let clears = 0;
  let reading: Promise<void> = Promise.resolve();

  async function readNew(): Promise<void> {
    for (;;) {
      const found = await database.query<{ subject: string; sealed: Uint8Array; seq: string }>(
        `SELECT subject, sealed, seq::text AS seq FROM templates
         WHERE tenant = $1 AND model = $2 AND templates.seq > $3::bigint ORDER BY templates.seq LIMIT $4`,
        [served.tenant, served.model, last, MOST_READ],
      );
      for (const { subject, sealed, seq } of found) {
        const embedding = await openEmbedding(keyring, { ...served, subject }, sealed);
        put(subject, seq, embedding);
        last = seq;
      }
      if (found.length < MOST_READ) return;
    }
  }

  function put(subject: string, seq: string, embedding: Embedding): void {
    const place = places.get(subject) ?? rows.length;
    if (EMBEDDING_SIZE * (place + 1) > values.length) {
      const larger = new Float32Array(Math.max(256 * EMBEDDING_SIZE, 2 * values.length));
      larger.set(values);
      values = larger;
    }
    rows[place] = { subject, seq };
    places.set(subject, place);
    values.set(embedding, EMBEDDING_SIZE * place);
    for (const touched of searches) touched.add(place);
  }

  /** The last takes the place of the one that goes. */
  function forget(subject: string): void {
    const place = places.get(subject);
    if (place === undefined) return;
    const end = rows.length - 1;
    const moved = rows[end]!;
    rows[place] = moved;
    places.set(moved.subject, place);
    values.copyWithin(EMBEDDING_SIZE * place, EMBEDDING_SIZE * end, EMBEDDING_SIZE * (end + 1));
    values.fill(0, EMBEDDING_SIZE * end);
    rows.length = end;
    places.delete(subject);
    for (const touched of searches) touched.add(place);
  }

  /**
   * Place of the nearest. What comes to lie elsewhere while others have their turn is looked at once more; only if that is the nearest itself,
   * all is: else who removes now and then would keep a large gallery from ever answering.
   */
  async function best(embedding: Embedding): Promise<number> {
    const touched = new Set<number>();
    searches.add(touched);
    try {
      for (;;) {
        let [place, cosine] = [-1, -Infinity];
        const look = (i: number): void => {
          let near = 0;
          for (let j = 0, at = EMBEDDING_SIZE * i; j < EMBEDDING_SIZE; j++, at++) near += values[at]! * embedding[j]!;
          if (near > cosine) [place, cosine] = [i, near];
        };
        touched.clear();
        for (let i = 0; i < rows.length; i++) {
          if (i % SLICE === SLICE - 1) await setImmediate();
          look(i);
        }
        if (touched.has(place) || place >= rows.length) continue;
        for (const i of touched) if (i < rows.length) look(i);
        return place;
      }
    } finally {
      searches.delete(touched);
    }
  }

  return {
    async nearest(embedding) {
      for (;;) {
        // One after another, so that no row is put twice; a failure is this caller's and not the next one's.
        const mine = reading.then(readNew).then(() => clears);
        reading = mine.then(
          () => undefined,
          () => undefined,
        );
        const read = await mine;
        const place = await best(embedding);
        if (read !== clears) continue;
        const row = rows[place];
        if (row === undefined) return null;
        const found = values.slice(EMBEDDING_SIZE * place, EMBEDDING_SIZE * (place + 1));
        const still = await database.query(
          'SELECT 1 FROM templates WHERE tenant = $1 AND subject = $2 AND model = $3 AND seq = $4::bigint',
          [served.tenant, row.subject, served.model, row.seq],
        );
        if (still.length === 1) return { subject: row.subject, embedding: found };
        if (rows[place] === row) forget(row.subject);
      }
    },
    forget,
    clear() {
      // After what is being read now, which would go on where it was.
      reading = reading.then(() => {
        values = new Float32Array(0);
        rows = [];
        places = new Map();
        last = '0';
        clears++;
      });
    },
  };
}

/** The galleries of one database, opened when first asked for. */
export function openGalleries(database: Connection, keyring: Keyring) {
  const galleries = new Map<string, Gallery>();
  return {
    of(served: Served): Gallery {
      const key = toHex(served.tenant) + toHex(served.model);
      const gallery = galleries.get(key) ?? openGallery(database, keyring, served);
      galleries.set(key, gallery);
      return gallery;
    },
    forget(tenant: Uint8Array, subject: string): void {
      for (const [key, gallery] of galleries) if (key.startsWith(toHex(tenant))) gallery.forget(subject);
    },
    clear: () => galleries.forEach((gallery) => gallery.clear()),
  };
}
