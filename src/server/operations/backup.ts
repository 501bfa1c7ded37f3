import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { pipeline as piped } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { XnnError } from '../../core/errors.js';
import type { Connection, Driver } from '../drivers.js';
import { openKeyring } from '../keyring/keyring.js';
import type { MasterKey } from '../keyring/master.js';
import { linesOf } from '../lines.js';

// A backup is gzip around lines of JSON: the first says what it is, each other holds a row as { table, row }. What is sealed stays
// sealed: a backup is worth nothing without the master key, which is not in it.

const FORMAT = 'xnn-backup-1';
/**
 * Tables to keep, those that others refer to first: all but what ends by itself within minutes, and what a new database has by itself. By name,
 * since they may stand in any schema, and beside tables that are not ours.
 */
export const KEPT = [
  'data_keys',
  'secrets',
  'tenants',
  'api_keys',
  'templates',
  'limits',
  'audit',
  'accounts',
  'devices',
  'recovery_codes',
  'oidc_clients',
  'training_jobs',
  'deployments',
];
const AT_ONCE = 1_000;

async function version(connection: Connection): Promise<number> {
  const [row] = await connection.query<{ version: number }>('SELECT max(id) AS version FROM migrations');
  return row?.version ?? 0;
}

/** Codes of the system by which a file says that it cannot be written. */
const UNWRITABLE = /^(ENOSPC|EDQUOT|EFBIG|EIO|EROFS|EEXIST|ENOENT|EACCES|EPERM)$/;

/** @throws file_unwritable instead of what the system says */
function unwritable(file: string, cause: unknown): never {
  const isFiles = cause instanceof Error && 'code' in cause && UNWRITABLE.test(String(cause.code));
  throw isFiles ? new XnnError('file_unwritable', `${file}: ${cause.message}`, { cause }) : cause;
}

/** Writes all that is kept, as it is at one moment, to a file that is whole or not there. @returns rows @throws file_unwritable */
export async function backUp(driver: Driver, file: string): Promise<number> {
  let count = 0;
  const partial = `${file}.partial`;
  // Another backup of the same second is not written over.
  const output = await open(partial, 'wx', 0o600).catch((cause: unknown) => unwritable(partial, cause));
  const written = driver.transaction(async (connection) => {
    await connection.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    async function* lines(): AsyncGenerator<string> {
      yield `${JSON.stringify({ format: FORMAT, version: await version(connection) })}\n`;
      for (const table of KEPT) {
        await connection.query(`DECLARE rows CURSOR FOR SELECT row_to_json(kept)::text AS row FROM ${table} AS kept`);
        for (;;) {
          const rows = await connection.query<{ row: string }>(`FETCH ${AT_ONCE} FROM rows`);
          if (rows.length === 0) break;
          count += rows.length;
          yield rows.map(({ row }) => `{"table":${JSON.stringify(table)},"row":${row}}\n`).join('');
        }
        await connection.query('CLOSE rows');
      }
    }
    await piped(Readable.from(lines()), createGzip(), output.createWriteStream({ flush: true }));
  });
  await written
    .then(() => rename(partial, file))
    .catch(async (error: unknown) => {
      await output.close().catch(() => {});
      await rm(partial, { force: true });
      unwritable(partial, error);
    });
  return count;
}

interface Entry {
  readonly format?: string;
  readonly version?: number;
  readonly table?: string;
  readonly row?: object;
}

/** @throws backup_invalid, also if the file cannot be read or is cut off */
async function* entriesOf(file: string): AsyncGenerator<Entry> {
  const text = pipeline(createReadStream(file), createGunzip().setEncoding('utf8'), () => {});
  try {
    for await (const line of linesOf(text as AsyncIterable<string>)) yield JSON.parse(line) as Entry;
  } catch (cause) {
    throw new XnnError('backup_invalid', `${file} cannot be read to its end`, { cause });
  }
}

/**
 * Fills a database whose tables are made and empty. All of the backup, or nothing.
 *
 * @param master of the time of the backup
 * @returns rows
 * @throws backup_invalid if it is none of this version or cannot be read, database_not_empty, master_key_wrong
 */
export async function restore(driver: Driver, file: string, master: MasterKey): Promise<number> {
  return driver.transaction(async (connection) => {
    for (const table of ['tenants', 'templates', 'audit']) {
      if ((await connection.query(`SELECT 1 FROM ${table} LIMIT 1`)).length > 0)
        throw new XnnError('database_not_empty');
    }
    // Made with the tables; the backup brings its own.
    await connection.query('DELETE FROM secrets');
    await connection.query('DELETE FROM data_keys');
    let count = -1;
    for await (const entry of entriesOf(file)) {
      count++;
      if (count === 0) {
        const fits = entry.format === FORMAT && entry.version === (await version(connection));
        if (!fits) throw new XnnError('backup_invalid', 'of another version');
        continue;
      }
      if (entry.table === undefined || !KEPT.includes(entry.table))
        throw new XnnError('backup_invalid', `line ${count}`);
      await connection.query(
        `INSERT INTO ${entry.table} SELECT * FROM json_populate_record(NULL::${entry.table}, $1::text::json)`,
        [JSON.stringify(entry.row)],
      );
    }
    if (count < 0) throw new XnnError('backup_invalid', 'empty');
    // Said now, and not by a server over a database that is full by then.
    await openKeyring(connection, master);
    await connection.query(
      `SELECT setval(pg_get_serial_sequence('templates', 'seq'), (SELECT coalesce(max(seq), 0) + 1 FROM templates), false)`,
    );
    return count;
  });
}
