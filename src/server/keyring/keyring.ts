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
  /** Learns of a data key that another process made: before something is sealed that stays. */
  refresh(connection: Connection): Promise<void>;
  /** Makes a new data key, which seals from now on. Old ones still open. */
  renew(): Promise<void>;
  /** Seals secrets with the newest key, and forgets those before it, here and in the database. */
  retire(): Promise<void>;
}

/** Opens the keyring of a database, with a first data key if it has none. @throws master_key_wrong */
export async function openKeyring(database: Connection, master: MasterKey): Promise<Keyring> {
  const keys = new Map<number, Uint8Array>();
  let newest = 0;

  async function load(connection: Connection = database): Promise<void> {
    const rows = await connection.query<{ id: number; wrapped: Uint8Array }>('SELECT id, wrapped FROM data_keys');
    for (const { id, wrapped } of rows) if (!keys.has(id)) keys.set(id, await master.unwrap(wrapped));
    newest = Math.max(0, ...keys.keys());
  }

  async function renew(): Promise<void> {
    // Of several that make one at once, one wins, and all take it.
    await database.query(
      `INSERT INTO data_keys (id, master, wrapped, created_at) VALUES ($1, $2, $3, now()) ON CONFLICT DO NOTHING`,
      [newest + 1, master.id, await master.wrap(randomBytes(KEY_BYTES))],
    );
    await load();
  }

  async function findSecret(name: string): Promise<Uint8Array | null> {
    const [row] = await database.query<{ sealed: Uint8Array }>('SELECT sealed FROM secrets WHERE name = $1', [name]);
    return row === undefined ? null : keyring.open(row.sealed, 'secret', name);
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
      // Of several that make one at once, one wins, and all take it.
      await database.query('INSERT INTO secrets (name, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        name,
        keyring.seal(await make(), 'secret', name),
      ]);
      return (await findSecret(name))!;
    },
    async replaceSecret(name, secret) {
      await load();
      await database.query('UPDATE secrets SET sealed = $2 WHERE name = $1', [
        name,
        keyring.seal(secret, 'secret', name),
      ]);
    },
    async forgetSecret(name) {
      await database.query('DELETE FROM secrets WHERE name = $1', [name]);
    },
    refresh: load,
    renew,
    async retire() {
      const rows = await database.query<{ name: string; sealed: Uint8Array }>('SELECT name, sealed FROM secrets');
      for (const { name, sealed } of rows) {
        const plain = await keyring.open(sealed, 'secret', name);
        await database.query('UPDATE secrets SET sealed = $2 WHERE name = $1', [
          name,
          keyring.seal(plain, 'secret', name),
        ]);
      }
      await database.query('DELETE FROM data_keys WHERE id < $1', [newest]);
      for (const id of keys.keys()) if (id < newest) keys.delete(id);
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
