import type { ErrorCode } from '../../core/errors.js';
import { parseManifest, type BundleManifest } from '../../wire/bundle.js';
import { progressSchema, type JobState, type TrainingProgress } from '../../wire/training.js';
import type { Driver } from '../drivers.js';

/** What the database keeps of a training job; its files lie in a folder of its own. */
export interface JobRow {
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly tenant: Uint8Array;
  /** SHA-256, 32 bytes. */
  readonly tokenHash: Uint8Array;
  readonly state: JobState;
  readonly manifest: BundleManifest;
  /** Of all shards. */
  readonly bytes: number;
  readonly epochs: number;
  readonly progress: TrainingProgress | null;
  readonly error: ErrorCode | null;
  readonly createdAt: Date;
}

/** How much there is, of one tenant or of all. */
export interface Usage {
  readonly jobs: number;
  /** Of bundles that are here or on their way. */
  readonly bytes: number;
}

/** Training jobs in SQL. Knows neither files nor processes. */
export interface JobRows {
  add(job: JobRow): Promise<void>;
  find(id: Uint8Array): Promise<JobRow | null>;
  /** Jobs of one token, the oldest first. */
  ofToken(tokenHash: Uint8Array): Promise<readonly JobRow[]>;
  /** Jobs that wait for the trainer or were with it when the server ended, in the order in which they are trained. */
  waiting(): Promise<readonly JobRow[]>;
  /** False, and nothing changes, if the job is in none of the states `from`. */
  move(id: Uint8Array, from: readonly JobState[], to: JobState, now: Date, error?: ErrorCode): Promise<boolean>;
  setProgress(id: Uint8Array, progress: TrainingProgress, now: Date): Promise<void>;
  /** Notes that something happened to a job, so that it is not taken for abandoned. */
  touch(id: Uint8Array, now: Date): Promise<void>;
  remove(id: Uint8Array): Promise<void>;
  usage(tenant?: Uint8Array): Promise<Usage>;
  /** All that nothing happened to since `then`, or, if they wait for their bundle, since `upload`. */
  abandoned(then: Date, upload: Date): Promise<readonly JobRow[]>;
}

interface Stored {
  id: Uint8Array;
  tenant: Uint8Array;
  token_hash: Uint8Array;
  state: JobState;
  manifest: string;
  bytes: number;
  epochs: number;
  progress: string | null;
  error: ErrorCode | null;
  created_at: Date;
}

const COLUMNS = 'id, tenant, token_hash, state, manifest, bytes::float8 AS bytes, epochs, progress, error, created_at';
/** States in which the bundle is here or on its way. */
const HOLDING = "('uploading', 'queued', 'running')";

export function jobRows(driver: Driver): JobRows {
  const select = async (rest: string, parameters: readonly (string | Date | Uint8Array)[] = []) =>
    (await driver.query<Stored>(`SELECT ${COLUMNS} FROM training_jobs ${rest}`, parameters)).map(asRow);
  return {
    async add({ id, tenant, tokenHash, state, manifest, bytes, epochs, createdAt }) {
      await driver.query(
        `INSERT INTO training_jobs (id, tenant, token_hash, state, manifest, bytes, epochs, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
        [id, tenant, tokenHash, state, JSON.stringify(manifest), bytes, epochs, createdAt],
      );
    },

    find: async (id) => (await select('WHERE id = $1', [id]))[0] ?? null,
    ofToken: (tokenHash) => select('WHERE token_hash = $1 ORDER BY created_at, id', [tokenHash]),
    waiting: () => select("WHERE state IN ('running', 'queued') ORDER BY state = 'queued', changed_at, id"),

    async move(id, from, to, now, error) {
      const moved = await driver.query(
        `UPDATE training_jobs SET state = $2, changed_at = $3, error = nullif($4, '')
         WHERE id = $1 AND state = ANY (string_to_array($5, ',')) RETURNING id`,
        [id, to, now, error ?? '', from.join()],
      );
      return moved.length === 1;
    },

    async setProgress(id, progress, now) {
      await driver.query('UPDATE training_jobs SET progress = $2, changed_at = $3 WHERE id = $1', [
        id,
        JSON.stringify(progress),
        now,
      ]);
    },

    async touch(id, now) {
      await driver.query('UPDATE training_jobs SET changed_at = $2 WHERE id = $1', [id, now]);
    },

    async remove(id) {
      await driver.query('DELETE FROM training_jobs WHERE id = $1', [id]);
    },

    async usage(tenant) {
      const [row] = await driver.query<Usage>(
        `SELECT count(*)::int AS jobs,
                coalesce(sum(CASE WHEN state IN ${HOLDING} THEN bytes ELSE 0 END), 0)::float8 AS bytes
         FROM training_jobs ${tenant ? 'WHERE tenant = $1' : ''}`,
        tenant ? [tenant] : [],
      );
      return row ?? { jobs: 0, bytes: 0 };
    },

    abandoned: (then, upload) =>
      select("WHERE changed_at < CASE WHEN state = 'uploading' THEN $2::timestamptz ELSE $1::timestamptz END", [
        then,
        upload,
      ]),
  };
}

function asRow(row: Stored): JobRow {
  return {
    id: Uint8Array.from(row.id),
    tenant: Uint8Array.from(row.tenant),
    tokenHash: Uint8Array.from(row.token_hash),
    state: row.state,
    manifest: parseManifest(row.manifest),
    bytes: row.bytes,
    epochs: row.epochs,
    progress: row.progress === null ? null : progressSchema.parse(JSON.parse(row.progress)),
    error: row.error,
    createdAt: new Date(row.created_at),
  };
}
