import {
  CHALLENGE_BYTES,
  EMBEDDING_SIZE,
  MAX_SUBJECT_LENGTH,
  MODEL_VERSION_BYTES,
  TENANT_BYTES,
} from '../core/spec.js';
import { ID_BYTES, JOB_STATES } from '../wire/training.js';
import type { Connection, Driver } from './drivers.js';
import { openKeyring } from './keyring/keyring.js';
import type { MasterKey } from './keyring/master.js';
import { sealEmbedding } from './templates.js';

/** Bytes of a receipt and of its SHA-256. */
export const RECEIPT_BYTES = 32;

type Step = string | ((connection: Connection, master: MasterKey) => Promise<void>);

/**
 * Numbered from 1 by their place; each is a list of steps. A released one is never changed, only followed by another; but the first made
 * a column of pgvector's, which the second drops, and now makes it of an own type, so that new databases need no pgvector.
 */
const MIGRATIONS: readonly (readonly Step[])[] = [
  [
    `CREATE TABLE templates (
       tenant       bytea NOT NULL CHECK (octet_length(tenant) = ${TENANT_BYTES}),
       subject      text NOT NULL CHECK (char_length(subject) BETWEEN 1 AND ${MAX_SUBJECT_LENGTH}),
       model        bytea NOT NULL CHECK (octet_length(model) = ${MODEL_VERSION_BYTES}),
       embedding    real[] NOT NULL,
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
  // Templates are sealed; tenants, keys, limits and the audit log.
  [
    `CREATE TABLE data_keys (
       id         integer PRIMARY KEY,
       master     text NOT NULL,
       wrapped    bytea NOT NULL,
       created_at timestamptz NOT NULL
     )`,
    'CREATE TABLE secrets (name text PRIMARY KEY, sealed bytea NOT NULL)',
    // A table of its own, since a dropped column stays in the rows on disk, and a dropped table does not.
    'ALTER TABLE templates RENAME TO plain_templates',
    `CREATE TABLE templates (
       tenant       bytea NOT NULL CHECK (octet_length(tenant) = ${TENANT_BYTES}),
       subject      text NOT NULL CHECK (char_length(subject) BETWEEN 1 AND ${MAX_SUBJECT_LENGTH}),
       model        bytea NOT NULL CHECK (octet_length(model) = ${MODEL_VERSION_BYTES}),
       sealed       bytea NOT NULL,
       receipt_hash bytea NOT NULL CHECK (octet_length(receipt_hash) = ${RECEIPT_BYTES}),
       created_at   timestamptz NOT NULL,
       seq          bigserial NOT NULL,
       CONSTRAINT sealed_templates_pkey PRIMARY KEY (tenant, subject)
     )`,
    sealPlainTemplates,
    'DROP TABLE plain_templates',
    'CREATE UNIQUE INDEX templates_seq ON templates (tenant, model, seq)',
    'CREATE INDEX templates_created_at ON templates (tenant, created_at)',
    `CREATE TABLE tenants (
       id             bytea PRIMARY KEY CHECK (octet_length(id) = ${TENANT_BYTES}),
       name           text NOT NULL UNIQUE,
       is_public      boolean NOT NULL,
       threshold      real CHECK (threshold BETWEEN 0 AND 1),
       retention_days integer CHECK (retention_days > 0),
       webhook        text,
       webhook_seq    bigint NOT NULL DEFAULT 0,
       created_at     timestamptz NOT NULL
     )`,
    `CREATE TABLE api_keys (
       id          text PRIMARY KEY,
       tenant      bytea NOT NULL REFERENCES tenants,
       secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
       role        text NOT NULL,
       scopes      text NOT NULL,
       created_at  timestamptz NOT NULL,
       expires_at  timestamptz,
       revoked_at  timestamptz
     )`,
    'CREATE INDEX api_keys_tenant ON api_keys (tenant)',
    // The form that rate-limiter-flexible expects.
    'CREATE TABLE limits (key varchar(255) PRIMARY KEY, points integer NOT NULL DEFAULT 0, expire bigint)',
    `CREATE TABLE audit (
       tenant   bytea NOT NULL,
       seq      bigint NOT NULL,
       at       timestamptz NOT NULL,
       actor    text NOT NULL,
       action   text NOT NULL,
       object   text,
       outcome  text NOT NULL,
       previous bytea NOT NULL,
       hash     bytea NOT NULL,
       PRIMARY KEY (tenant, seq)
     )`,
    'CREATE INDEX audit_object ON audit (tenant, object, seq)',
    `CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'the audit log is only appended to'; END $$`,
    'CREATE TRIGGER audit_rows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()',
    'CREATE TRIGGER audit_table BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_is_append_only()',
  ],
  // The login's accounts.
  [
    'CREATE TABLE accounts (id bytea PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL)',
    `CREATE TABLE devices (
       id         text PRIMARY KEY,
       account    bytea NOT NULL REFERENCES accounts ON DELETE CASCADE,
       public_key bytea NOT NULL,
       counter    bigint NOT NULL,
       created_at timestamptz NOT NULL,
       used_at    timestamptz NOT NULL
     )`,
    'CREATE INDEX devices_account ON devices (account)',
    'CREATE TABLE recovery_codes (hash bytea PRIMARY KEY, account bytea NOT NULL REFERENCES accounts ON DELETE CASCADE)',
    'CREATE INDEX recovery_codes_account ON recovery_codes (account)',
    `CREATE TABLE sessions (
       hash       bytea PRIMARY KEY,
       account    bytea NOT NULL REFERENCES accounts ON DELETE CASCADE,
       by         text NOT NULL,
       expires_at timestamptz NOT NULL
     )`,
    'CREATE INDEX sessions_account ON sessions (account)',
  ],
  // The OpenID Connect provider.
  [
    `CREATE TABLE oidc_clients (
       id            text PRIMARY KEY,
       name          text NOT NULL,
       redirect_uris text NOT NULL,
       face_only     boolean NOT NULL,
       created_at    timestamptz NOT NULL
     )`,
    `CREATE TABLE oidc_models (
       model       text NOT NULL,
       id_hash     bytea NOT NULL CHECK (octet_length(id_hash) = 32),
       uid         text,
       grant_id    text,
       payload     text NOT NULL,
       is_consumed boolean NOT NULL DEFAULT false,
       expires_at  timestamptz NOT NULL,
       PRIMARY KEY (model, id_hash)
     )`,
    'CREATE INDEX oidc_models_uid ON oidc_models (uid)',
    'CREATE INDEX oidc_models_grant_id ON oidc_models (grant_id)',
    'CREATE INDEX oidc_models_expires_at ON oidc_models (expires_at)',
  ],
  // Modes of a tenant, tenants that are disabled, and codes of before, which have 80 bits.
  [
    "ALTER TABLE tenants ADD COLUMN modes text NOT NULL DEFAULT 'xnn-d keyed', ADD COLUMN disabled_at timestamptz",
    // The login's, which was always so.
    "UPDATE tenants SET modes = 'keyed' WHERE name = 'login'",
    'ALTER TABLE recovery_codes ADD COLUMN is_short boolean NOT NULL DEFAULT true',
    'ALTER TABLE recovery_codes ALTER COLUMN is_short SET DEFAULT false',
  ],
  // What a tenant sets for itself instead of the release and the server.
  ['ALTER TABLE tenants ADD COLUMN keyed_threshold numeric, ADD COLUMN per_minute integer CHECK (per_minute > 0)'],
];

async function sealPlainTemplates(connection: Connection, master: MasterKey): Promise<void> {
  const keyring = await openKeyring(connection, master);
  const rows = await connection.query<{
    tenant: Uint8Array;
    subject: string;
    model: Uint8Array;
    embedding: number[];
    receipt_hash: Uint8Array;
    created_at: Date;
  }>('SELECT tenant, subject, model, embedding::real[] AS embedding, receipt_hash, created_at FROM plain_templates');
  for (const { embedding, receipt_hash, created_at, ...owner } of rows) {
    if (embedding.length !== EMBEDDING_SIZE) throw new Error(`an embedding of ${embedding.length} values`);
    await connection.query(
      `INSERT INTO templates (tenant, subject, model, sealed, receipt_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
      [
        owner.tenant,
        owner.subject,
        owner.model,
        sealEmbedding(keyring, owner, Float32Array.from(embedding)),
        receipt_hash,
        created_at,
      ],
    );
  }
}

/** Any number will do, as long as every process that migrates locks the same one. */
const LOCK = 0x584e4e46;

/** Brings the tables up to date, in one transaction. Several processes may call it at once; the later ones find nothing to do. */
export async function migrate(driver: Driver, master: MasterKey): Promise<void> {
  await driver.transaction(async (connection) => {
    await connection.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await connection.query(
      'CREATE TABLE IF NOT EXISTS migrations (id integer PRIMARY KEY, applied_at timestamptz NOT NULL)',
    );
    const [row] = await connection.query<{ done: number }>('SELECT coalesce(max(id), 0) AS done FROM migrations');
    const done = row?.done ?? 0;
    if (done > MIGRATIONS.length) throw new Error('The database was made by a newer version of this server.');
    for (const [i, steps] of MIGRATIONS.entries()) {
      if (i < done) continue;
      for (const step of steps) {
        if (typeof step === 'string') await connection.query(step);
        else await step(connection, master);
      }
      await connection.query('INSERT INTO migrations (id, applied_at) VALUES ($1, now())', [i + 1]);
    }
  });
}
