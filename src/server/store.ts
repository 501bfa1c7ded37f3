import { EMBEDDING_SIZE } from '../core/spec.js';
import type { Embedding } from '../core/match.js';
import type { Served } from '../protocol/recognise.js';
import type { Driver } from './drivers.js';
import { migrate } from './migrations.js';

/** What is kept of a subject. A template is worthless without the model that made it, so they are stored together. */
export interface Template extends Served {
  readonly subject: string;
  readonly embedding: Embedding;
  /** SHA-256, 32 bytes. */
  readonly receiptHash: Uint8Array;
  readonly createdAt: Date;
}

/** What is read instead of a template that does not exist. */
export type Decoy = Pick<Template, 'embedding' | 'receiptHash'>;

export interface Found extends Decoy {
  /** False when this is the decoy. */
  readonly known: boolean;
}

/** Templates and challenges. Knows neither thresholds nor clocks; every write is whole or not there at all. */
export interface Store {
  /** Keeps a challenge until it is taken, and forgets all that had expired by `now`. */
  addChallenge(tenant: Uint8Array, challenge: Uint8Array, now: Date, expiresAt: Date): Promise<void>;
  /** True once for every challenge of the tenant that has not expired by `now`, however many ask at once. */
  takeChallenge(tenant: Uint8Array, challenge: Uint8Array, now: Date): Promise<boolean>;
  /** False, and nothing changes, if the tenant has a subject of that name, of whatever model. */
  addTemplate(template: Template): Promise<boolean>;
  /** The subject's template of this model, or the decoy, by the same work. */
  findTemplate(served: Served, subject: string, decoy: Decoy): Promise<Found>;
  /** The subject's receipt, whatever the model, or the decoy, by the same work. */
  findReceipt(tenant: Uint8Array, subject: string, decoy: Uint8Array): Promise<Uint8Array>;
  /** The template of this tenant and model with the largest cosine; null without any. */
  nearest(served: Served, embedding: Embedding): Promise<Pick<Template, 'subject' | 'embedding'> | null>;
  /**
   * Deletes all there is of a subject, if the receipt is still his. False if it is not.
   *
   * PostgreSQL reuses the bytes on disk later, at its next vacuum; no query can read them.
   */
  removeSubject(tenant: Uint8Array, subject: string, receiptHash: Uint8Array): Promise<boolean>;
  /** Deletes all there is of a tenant. */
  removeGallery(tenant: Uint8Array): Promise<void>;
  /** Rejects when the database is away. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** The store in SQL, which owns the driver from now on. Brings the tables up to date first. */
export async function openStore(driver: Driver): Promise<Store> {
  try {
    await migrate(driver);
  } catch (error) {
    await driver.close();
    throw error;
  }
  return {
    async addChallenge(tenant, challenge, now, expiresAt) {
      await driver.query('DELETE FROM challenges WHERE expires_at <= $1', [now]);
      await driver.query('INSERT INTO challenges (id, tenant, expires_at) VALUES ($1, $2, $3)', [
        challenge,
        tenant,
        expiresAt,
      ]);
    },

    async takeChallenge(tenant, challenge, now) {
      const taken = await driver.query(
        'DELETE FROM challenges WHERE id = $1 AND tenant = $2 AND expires_at > $3 RETURNING id',
        [challenge, tenant, now],
      );
      return taken.length === 1;
    },

    async addTemplate({ tenant, subject, model, embedding, receiptHash, createdAt }) {
      const added = await driver.query(
        `INSERT INTO templates (tenant, subject, model, embedding, receipt_hash, created_at)
         VALUES ($1, $2, $3, $4::vector, $5, $6) ON CONFLICT DO NOTHING RETURNING subject`,
        [tenant, subject, model, toVector(embedding), receiptHash, createdAt],
      );
      return added.length === 1;
    },

    async findTemplate({ tenant, model }, subject, decoy) {
      const [row] = await driver.query<{ known: boolean; embedding: number[]; receipt_hash: Uint8Array }>(
        `SELECT t.subject IS NOT NULL AS known,
                coalesce(t.embedding, $4::vector)::real[] AS embedding,
                coalesce(t.receipt_hash, $5::bytea) AS receipt_hash
         FROM (SELECT) AS always LEFT JOIN templates t ON t.tenant = $1 AND t.subject = $2 AND t.model = $3`,
        [tenant, subject, model, toVector(decoy.embedding), decoy.receiptHash],
      );
      if (row === undefined) throw new Error('a left join on one row gave none');
      return { known: row.known, embedding: Float32Array.from(row.embedding), receiptHash: row.receipt_hash };
    },

    async findReceipt(tenant, subject, decoy) {
      const [row] = await driver.query<{ receipt_hash: Uint8Array }>(
        `SELECT coalesce(t.receipt_hash, $3::bytea) AS receipt_hash
         FROM (SELECT) AS always LEFT JOIN templates t ON t.tenant = $1 AND t.subject = $2`,
        [tenant, subject, decoy],
      );
      if (row === undefined) throw new Error('a left join on one row gave none');
      return row.receipt_hash;
    },

    async nearest({ tenant, model }, embedding) {
      // <#> is the negative inner product; of unit vectors, the negative cosine.
      const [row] = await driver.query<{ subject: string; embedding: number[] }>(
        `SELECT subject, embedding::real[] AS embedding FROM templates
         WHERE tenant = $1 AND model = $2 ORDER BY embedding <#> $3::vector LIMIT 1`,
        [tenant, model, toVector(embedding)],
      );
      return row === undefined ? null : { subject: row.subject, embedding: Float32Array.from(row.embedding) };
    },

    async removeSubject(tenant, subject, receiptHash) {
      const removed = await driver.query(
        'DELETE FROM templates WHERE tenant = $1 AND subject = $2 AND receipt_hash = $3 RETURNING subject',
        [tenant, subject, receiptHash],
      );
      return removed.length === 1;
    },

    async removeGallery(tenant) {
      await driver.query('DELETE FROM templates WHERE tenant = $1', [tenant]);
    },

    async check() {
      await driver.query('SELECT 1');
    },

    close: () => driver.close(),
  };
}

/** pgvector's text form. Every float32 comes back as it was. */
function toVector(embedding: Embedding): string {
  if (embedding.length !== EMBEDDING_SIZE) throw new Error(`an embedding of ${embedding.length} values`);
  return JSON.stringify(Array.from(embedding));
}
