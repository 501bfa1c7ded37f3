import { createHash } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { Pool } from 'pg';
import type { ErrorCode } from '../core/errors.js';
import { takeLock } from './lock.js';

/** What a SQL parameter may be. */
export type Parameter = string | number | boolean | null | Date | Uint8Array;

export interface Connection {
  /** Runs one statement. `Row` is what the caller knows that it returns. */
  query<Row>(sql: string, parameters?: readonly Parameter[]): Promise<readonly Row[]>;
}

/** The same SQL over an embedded or a separate PostgreSQL. */
export interface Driver extends Connection {
  /** Commits when `work` resolves, rolls back when it rejects. */
  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * PostgreSQL inside this process: on disk in `folder`, which is created when missing, or in memory without one. It brings pgvector along only
 * so that folders of release 1.1, which kept templates in it, can be opened and brought up to date.
 *
 * @throws an Error for the operator if another process uses the folder
 */
export async function openEmbedded(folder?: string): Promise<Driver> {
  const unlock = folder === undefined ? null : await lock(folder);
  try {
    if (folder === undefined) return driverOf(await PGlite.create({ extensions: { vector } }), unlock);
    const dataDir = join(folder, 'postgres');
    const db = await PGlite.create({ dataDir, extensions: { vector } });
    // Its files are open to everybody, to write in them too.
    await chmod(dataDir, 0o700);
    return driverOf(db, unlock);
  } catch (error) {
    unlock?.();
    throw error;
  }
}

/** @param closed called after the database was closed */
export function driverOf(db: PGlite, closed: (() => void) | null = null): Driver {
  const on = (connection: Pick<PGlite, 'query'>): Connection => ({
    query: async <Row>(sql: string, parameters: readonly Parameter[] = []) =>
      (await connection.query<Row>(sql, [...parameters])).rows,
  });
  return {
    ...on(db),
    transaction: (work) => db.transaction((transaction) => work(on(transaction))),
    close: async () => {
      await db.close();
      closed?.();
    },
  };
}

/**
 * A PostgreSQL server, by its address.
 *
 * @param connections at most this many at once
 * @param lost called when an idle connection breaks; the next query opens another
 */
export function openPostgres(url: string, lost: (error: Error) => void, connections: number = 10): Driver {
  const pool = new Pool({ connectionString: url, max: connections, connectionTimeoutMillis: 10_000 });
  pool.on('error', lost);
  const on = (connection: Pick<Pool, 'query'>): Connection => ({
    query: async <Row>(sql: string, parameters: readonly Parameter[] = []) =>
      (await connection.query(sql, [...parameters])).rows as Row[],
  });
  return {
    ...on(pool),
    transaction: async (work) => {
      const client = await pool.connect();
      let failure: unknown;
      try {
        await client.query('BEGIN');
        const result = await work(on(client));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        // A connection that failed inside a transaction is closed, which rolls back, rather than used again.
        client.release(failure !== undefined);
      }
    },
    close: () => pool.end(),
  };
}

/**
 * Rows of parameters, as the part of a statement that lists them.
 *
 * @param types of the columns, in SQL
 */
export function valuesOf(types: readonly string[], rows: readonly (readonly Parameter[])[]) {
  let count = 0;
  const row = () => `(${types.map((type) => `$${++count}::${type}`).join()})`;
  return { sql: `VALUES ${rows.map(row).join()}`, parameters: rows.flat() };
}

/** Codes of PostgreSQL (a class is its first two characters) and of the system by which a database says that it is not to be had. */
const AWAY = /^(08...|57P0.|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/** What pg says without a code. */
const AWAY_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;
const FULL = /^(53100|ENOSPC|EDQUOT)$/;
/** A text with a NUL, which no text in a PostgreSQL has: somebody sent it. */
const UNTEXT = '22021';

/** What an error of a driver's means when it is not the statement's fault; null for all others. */
export function databaseTrouble(error: Error): ErrorCode | null {
  const code = 'code' in error ? String(error.code) : '';
  if (code === UNTEXT) return 'request_invalid';
  if (FULL.test(code)) return 'storage_full';
  return AWAY.test(code) || AWAY_WORDS.test(error.message) ? 'database_away' : null;
}

/** Takes the folder for this process: two writers would destroy the database. @returns how to give it back */
async function lock(folder: string): Promise<() => void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'lock');
  const taken = await takeLock(path);
  if ('release' in taken) return taken.release;
  throw new Error(
    `The data folder ${folder} is used by ${taken.holder}. Stop it, or choose another folder with DATA_DIR. ` +
      `If that is no server of this kind, delete ${path}.`,
  );
}

/**
 * Until the transaction ends, no other writes of this tenant's: what they number, they number in the order in which it becomes visible.
 */
export async function lockTenant(connection: Connection, tenant: Uint8Array): Promise<void> {
  const number = createHash('sha256').update(tenant).digest().readBigInt64BE();
  await connection.query('SELECT pg_advisory_xact_lock($1::bigint)', [String(number)]);
}
