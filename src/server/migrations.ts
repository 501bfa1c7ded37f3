import {
  CHALLENGE_BYTES,
  EMBEDDING_SIZE,
  MAX_SUBJECT_LENGTH,
  MODEL_VERSION_BYTES,
  TENANT_BYTES,
} from '../core/spec.js';
import { ID_BYTES, JOB_STATES } from '../wire/training.js';
import type { Driver } from './drivers.js';

/** Bytes of a receipt and of its SHA-256. */
export const RECEIPT_BYTES = 32;

/**
 * Numbered from 1 by their place; each is a list of statements. A released one is never changed, only followed by another.
 *
 * No index on the embeddings: an approximate one would miss neighbours once rows of other tenants are filtered out, and an exact
 * scan of a tenant's 100,000 templates takes tens of milliseconds.
 */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    'CREATE EXTENSION IF NOT EXISTS vector',
    `CREATE TABLE templates (
       tenant       bytea NOT NULL CHECK (octet_length(tenant) = ${TENANT_BYTES}),
       subject      text NOT NULL CHECK (char_length(subject) BETWEEN 1 AND ${MAX_SUBJECT_LENGTH}),
       model        bytea NOT NULL CHECK (octet_length(model) = ${MODEL_VERSION_BYTES}),
       embedding    vector(${EMBEDDING_SIZE}) NOT NULL,
       receipt_hash bytea NOT NULL CHECK (octet_length(receipt_hash) = ${RECEIPT_BYTES}),
       created_at   timestamptz NOT NULL,
       PRIMARY KEY (tenant, subject)
     )`,
    `CREATE TABLE challenges (
       id         bytea PRIMARY KEY CHECK (octet_length(id) = ${CHALLENGE_BYTES}),
       tenant     bytea NOT NULL CHECK (octet_length(tenant) = ${TENANT_BYTES}),
       expires_at timestamptz NOT NULL
     )`,
    'CREATE INDEX challenges_expires_at ON challenges (expires_at)',
  ],
  [
    `CREATE TABLE training_jobs (
       id         bytea PRIMARY KEY CHECK (octet_length(id) = ${ID_BYTES}),
       tenant     bytea NOT NULL CHECK (octet_length(tenant) = ${TENANT_BYTES}),
       token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
       state      text NOT NULL CHECK (state IN (${JOB_STATES.map((state) => `'${state}'`).join(', ')})),
       manifest   text NOT NULL,
       bytes      bigint NOT NULL,
       epochs     integer NOT NULL,
       progress   text,
       error      text,
       created_at timestamptz NOT NULL,
       changed_at timestamptz NOT NULL
     )`,
    'CREATE INDEX training_jobs_token_hash ON training_jobs (token_hash)',
    `CREATE TABLE deployments (
       gallery    bytea PRIMARY KEY CHECK (octet_length(gallery) = ${TENANT_BYTES}),
       tenant     bytea NOT NULL CHECK (octet_length(tenant) = ${TENANT_BYTES}),
       token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
       model      bytea NOT NULL CHECK (octet_length(model) = ${MODEL_VERSION_BYTES}),
       request    text NOT NULL,
       live       boolean NOT NULL,
       key        text NOT NULL,
       created_at timestamptz NOT NULL
     )`,
    'CREATE INDEX deployments_key ON deployments (key)',
  ],
];

/** Any number will do, as long as every process that migrates locks the same one. */
const LOCK = 0x584e4e46;

/** Brings the tables up to date, in one transaction. Several processes may call it at once; the later ones find nothing to do. */
export async function migrate(driver: Driver): Promise<void> {
  await driver.transaction(async (connection) => {
    await connection.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await connection.query(
      'CREATE TABLE IF NOT EXISTS migrations (id integer PRIMARY KEY, applied_at timestamptz NOT NULL)',
    );
    const [row] = await connection.query<{ done: number }>('SELECT coalesce(max(id), 0) AS done FROM migrations');
    const done = row?.done ?? 0;
    if (done > MIGRATIONS.length) throw new Error('The database was made by a newer version of this server.');
    for (const [i, statements] of MIGRATIONS.entries()) {
      if (i < done) continue;
      for (const statement of statements) await connection.query(statement);
      await connection.query('INSERT INTO migrations (id, applied_at) VALUES ($1, now())', [i + 1]);
    }
  });
}
