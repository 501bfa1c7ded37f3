import { createHmac, randomBytes } from 'node:crypto';
import { XnnError } from '../../core/errors.js';
import type { Connection, Driver } from '../drivers.js';
import { decrypt, encrypt, KEY_BYTES, type MasterKey } from './master.js';

// What is sealed, big-endian:
//
//   struct {
//     u32 dataKey     row of data_keys
//     u8  box[]       AES-256-GCM (master.ts)
//   }
const ID_BYTES = 4;

/** Seals what the database must not show. The data keys lie in the database, wrapped by the master key, which does not. */
export interface Keyring {
  /** @param context what it belongs to ("template", tenant, subject …): moved to another row, it does not open */
  seal(plain: Uint8Array, ...context: readonly (string | Uint8Array)[]): Uint8Array;
  /** @throws master_key_wrong */
  open(sealed: Uint8Array, ...context: readonly (string | Uint8Array)[]): Promise<Uint8Array>;
  /** Name of a subject in logs and limits, 32 hexadecimal digits: the same each time, and without the key nobody's. */
  pseudonym(tenant: Uint8Array, subject: string): string;
  /** A secret of this installation, made when first asked for. */
  secret(name: string, make: () => Uint8Array | Promise<Uint8Array>): Promise<Uint8Array>;
  /** Puts another in the place of a secret. */
  replaceSecret(name: string, secret: Uint8Array): Promise<void>;
  forgetSecret(name: string): Promise<void>;
  /** Takes the newest data key, and keeps it the newest until the transaction ends: before something is sealed that stays. */
  refresh(connection: Connection): Promise<void>;
  /** Makes a new data key. What was sealed with those before it is committed by then, and nothing else ever will be. @returns its number */
  renew(): Promise<number>;
  /** Seals secrets with the newest key, and forgets those before `id`, here and in the database: when nothing else is sealed with them. */
  retire(id: number): Promise<void>;
}

/** Any number will do, as long as it is no other lock's. Who seals shares it; who makes a key has it alone. */
const LOCK = 0x584e4e4b;

/**
 * Opens the keyring of a database, with a first data key if it has none.
 *
 * @param database a driver, or a connection that is in a transaction
 * @throws master_key_wrong
 */
export async function openKeyring(
  database: Connection & Partial<Pick<Driver, 'transaction'>>,
  master: MasterKey,
): Promise<Keyring> {
  const keys = new Map<number, Uint8Array>();
  let newest = 0;

  async function load(connection: Connection = database): Promise<void> {
    const rows = await connection.query<{ id: number; wrapped: Uint8Array }>('SELECT id, wrapped FROM data_keys');
    for (const { id, wrapped } of rows) if (!keys.has(id)) keys.set(id, await master.unwrap(wrapped));
    newest = Math.max(0, ...keys.keys());
  }

  const transaction = <T>(work: (connection: Connection) => Promise<T>): Promise<T> =>
    database.transaction?.(work) ?? work(database);

  async function refresh(connection: Connection): Promise<void> {
    await connection.query('SELECT pg_advisory_xact_lock_shared($1)', [LOCK]);
    await load(connection);
  }

  async function renew(): Promise<number> {
    const wrapped = await master.wrap(randomBytes(KEY_BYTES));
    const id = await transaction(async (connection) => {
      await connection.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
      const [row] = await connection.query<{ id: number }>(
        `INSERT INTO data_keys (id, master, wrapped, created_at)
         SELECT coalesce(max(id), 0) + 1, $1, $2, now() FROM data_keys RETURNING id`,
        [master.id, wrapped],
      );
      return row!.id;
    });
    await load();
    return id;
  }

  async function findSecret(name: string): Promise<Uint8Array | null> {
    const [row] = await database.query<{ sealed: Uint8Array }>('SELECT sealed FROM secrets WHERE name = $1', [name]);
    return row === undefined ? null : keyring.open(row.sealed, 'secret', name);
  }

  async function updateSecret(connection: Connection, name: string, secret: Uint8Array): Promise<void> {
    await connection.query('UPDATE secrets SET sealed = $2 WHERE name = $1', [
      name,
      keyring.seal(secret, 'secret', name),
    ]);
  }

  await load();
  if (newest === 0) await renew();

  const keyring: Omit<Keyring, 'pseudonym'> = {
    seal(plain, ...context) {
      const id = Buffer.alloc(ID_BYTES);
      id.writeUInt32BE(newest);
      return Buffer.concat([id, encrypt(keys.get(newest)!, plain, joined(context))]);
    },
    async open(sealed, ...context) {
      const id = Buffer.from(sealed.subarray(0, ID_BYTES)).readUInt32BE();
      // Another process may have made a newer one.
      if (!keys.has(id)) await load();
      const key = keys.get(id);
      if (key === undefined) throw new XnnError('master_key_wrong', `there is no data key ${id}`);
      return decrypt(key, sealed.subarray(ID_BYTES), joined(context));
    },
    async secret(name, make) {
      const found = await findSecret(name);
      if (found !== null) return found;
      const made = await make();
      // Of several that make one at once, one wins, and all take it.
      await transaction(async (connection) => {
        await refresh(connection);
        await connection.query('INSERT INTO secrets (name, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
          name,
          keyring.seal(made, 'secret', name),
        ]);
      });
      return (await findSecret(name))!;
    },
    replaceSecret: (name, secret) =>
      transaction(async (connection) => {
        await refresh(connection);
        await updateSecret(connection, name, secret);
      }),
    async forgetSecret(name) {
      await database.query('DELETE FROM secrets WHERE name = $1', [name]);
    },
    refresh,
    renew,
    async retire(id) {
      await transaction(async (connection) => {
        await refresh(connection);
        const rows = await connection.query<{ name: string; sealed: Uint8Array }>(
          'SELECT name, sealed FROM secrets ORDER BY name FOR UPDATE',
        );
        for (const { name, sealed } of rows) {
          await updateSecret(connection, name, await keyring.open(sealed, 'secret', name));
        }
        await connection.query('DELETE FROM data_keys WHERE id < $1', [id]);
      });
      for (const old of keys.keys()) if (old < id) keys.delete(old);
    },
  };
  const pepper = await keyring.secret('pseudonym', () => randomBytes(KEY_BYTES));
  return {
    ...keyring,
    pseudonym: (tenant, subject) =>
      createHmac('sha256', pepper)
        .update(joined([tenant, subject]))
        .digest('hex')
        .slice(0, 32),
  };
}

/** Wraps every data key with another master key. What is sealed stays as it is. */
export async function changeMaster(driver: Driver, from: MasterKey, to: MasterKey): Promise<void> {
  await driver.transaction(async (connection) => {
    // No server makes a key meanwhile, which would stay wrapped with the old one.
    await connection.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const rows = await connection.query<{ id: number; wrapped: Uint8Array }>('SELECT id, wrapped FROM data_keys');
    for (const { id, wrapped } of rows) {
      await connection.query('UPDATE data_keys SET wrapped = $2, master = $3 WHERE id = $1', [
        id,
        await to.wrap(await from.unwrap(wrapped)),
        to.id,
      ]);
    }
  });
}

/** Parts, each after its length, so that no two lists read alike. */
function joined(parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
