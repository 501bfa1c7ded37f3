import { randomBytes } from 'node:crypto';
import { XnnError } from '../../core/errors.js';
import type { AuditAction, AuditLog } from '../audit/audit.js';
import type { Connection, Driver } from '../drivers.js';
import type { Keyring } from '../keyring/keyring.js';
import { sha256 } from '../sha256.js';
import { insertTemplate, type Template } from '../store.js';
import { toHex } from '../../wire/hex.js';

/** The public key of a device, as its credential. */
export interface Device {
  /** Base64url, as WebAuthn names it. */
  readonly id: string;
  readonly publicKey: Uint8Array;
  /** Of signatures, where a device counts them. */
  readonly counter: number;
  readonly createdAt: Date;
  readonly usedAt: Date;
}

export interface Session {
  /** 16 hexadecimal digits, no secret: of the hash of its token. */
  readonly id: string;
  /** 16 bytes. */
  readonly account: Uint8Array;
  readonly name: string;
  readonly by: 'face' | 'recovery';
  readonly begunAt: Date;
}

/** How long a session lasts, in ms. */
export const SESSION_LIFETIME = 30 * 60_000;
/** How long after a login, in ms, its session may change what one logs in with. */
export const CHANGES_LIFETIME = 5 * 60_000;
const CODES = 10;
/** 120 bits: enough for a plain hash (ASVS 5.0, 6.5.2), and whole characters of the alphabet. */
const CODE_BYTES = 15;
/** Crockford's, which has no letters that look like digits. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Accounts of the login: names, devices' keys, recovery codes and sessions. Faces are templates of the login's tenant, by account. */
export interface Accounts {
  /**
   * Account, device, template and recovery codes together, or none of them.
   *
   * @returns the codes; only hashes are kept
   * @throws login_refused if the device is somebody's already
   */
  create(account: Uint8Array, name: string, device: Device, template: Template): Promise<readonly string[]>;
  /** Null if there is no such account. */
  name(account: Uint8Array): Promise<string | null>;
  findDevice(id: string): Promise<(Device & { readonly account: Uint8Array }) | null>;
  /** Keeps the counter of a signature that was good. */
  useDevice(id: string, counter: number, at: Date): Promise<void>;
  devices(account: Uint8Array): Promise<readonly Device[]>;
  /** @throws login_refused if the device is somebody's already; session_missing if the account is gone */
  addDevice(account: Uint8Array, device: Device): Promise<void>;
  /** Also ends the account's sessions, since one may be the device's. False if the account has no such device. */
  removeDevice(account: Uint8Array, id: string, at: Date): Promise<boolean>;
  /** The account a code belongs to, which is used up by that; null if it is nobody's. */
  takeCode(code: string, at: Date): Promise<Uint8Array | null>;
  /** How many, and whether some are of the time before release 2.2, with 80 bits: they work until they are used or replaced. */
  codesLeft(account: Uint8Array): Promise<{ readonly codesLeft: number; readonly codesShort: boolean }>;
  /** Makes new codes; the old ones are worth nothing any more. @throws session_missing if the account is gone */
  renewCodes(account: Uint8Array, at: Date): Promise<readonly string[]>;
  /** Replaces the template, or puts one where none is. @throws session_missing if the account is gone */
  renewTemplate(account: Uint8Array, template: Template): Promise<void>;
  hasTemplate(account: Uint8Array): Promise<boolean>;
  removeTemplate(account: Uint8Array, at: Date): Promise<void>;
  /** Deletes all there is of an account but its log. */
  remove(account: Uint8Array, at: Date): Promise<void>;
  /** @returns the session's token; only a hash is kept */
  beginSession(account: Uint8Array, by: Session['by'], at: Date): Promise<string>;
  session(token: string, at: Date): Promise<Session | null>;
  endSession(token: string): Promise<void>;
  /** Those of an account that have not ended, the latest first. */
  sessions(account: Uint8Array, at: Date): Promise<readonly Omit<Session, 'account' | 'name'>[]>;
  /** False if the account has no such session. */
  removeSession(account: Uint8Array, id: string, at: Date): Promise<boolean>;
}

/** A template's subject. */
export function subjectOf(account: Uint8Array): string {
  return toHex(account);
}

export function openAccounts(driver: Driver, keyring: Keyring, audit: AuditLog, tenant: Uint8Array): Accounts {
  const note = (connection: Connection, account: Uint8Array, action: AuditAction, at: Date) => {
    const object = keyring.pseudonym(tenant, subjectOf(account));
    return audit.within(connection, { tenant, actor: 'account', at, action, object, outcome: 'done' });
  };

  async function insertDevice(connection: Connection, account: Uint8Array, device: Device): Promise<void> {
    const added = await connection.query(
      `INSERT INTO devices (id, account, public_key, counter, created_at, used_at) VALUES ($1, $2, $3, $4, $5, $5)
       ON CONFLICT DO NOTHING RETURNING id`,
      [device.id, account, device.publicKey, device.counter, device.createdAt],
    );
    if (added.length === 0) throw new XnnError('login_refused', 'a device that is known');
  }

  /** Keeps an account from being deleted until the transaction ends: what is put beside it would stay. @throws session_missing */
  async function hold(connection: Connection, account: Uint8Array): Promise<void> {
    const there = await connection.query('SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE', [account]);
    if (there.length === 0) throw new XnnError('session_missing', 'of an account that is gone');
  }

  async function insertCodes(connection: Connection, account: Uint8Array): Promise<readonly string[]> {
    const codes = Array.from({ length: CODES }, newCode);
    await connection.query('DELETE FROM recovery_codes WHERE account = $1', [account]);
    for (const code of codes) {
      await connection.query('INSERT INTO recovery_codes (hash, account) VALUES ($1, $2)', [hashOfCode(code), account]);
    }
    return codes;
  }

  const deleteTemplate = (connection: Connection, account: Uint8Array) =>
    connection.query('DELETE FROM templates WHERE tenant = $1 AND subject = $2', [tenant, subjectOf(account)]);

  return {
    create: (account, name, device, template) =>
      driver.transaction(async (connection) => {
        await connection.query('INSERT INTO accounts (id, name, created_at) VALUES ($1, $2, $3)', [
          account,
          name,
          device.createdAt,
        ]);
        await insertDevice(connection, account, device);
        await insertTemplate(connection, keyring, template);
        await note(connection, account, 'account.create', device.createdAt);
        return insertCodes(connection, account);
      }),

    async name(account) {
      const [row] = await driver.query<{ name: string }>('SELECT name FROM accounts WHERE id = $1', [account]);
      return row?.name ?? null;
    },

    async findDevice(id) {
      const [row] = await driver.query<DeviceRow>('SELECT * FROM devices WHERE id = $1', [id]);
      return row === undefined ? null : { ...deviceOf(row), account: Uint8Array.from(row.account) };
    },

    async useDevice(id, counter, at) {
      await driver.query('UPDATE devices SET counter = $2, used_at = $3 WHERE id = $1', [id, counter, at]);
    },

    async devices(account) {
      const rows = await driver.query<DeviceRow>('SELECT * FROM devices WHERE account = $1 ORDER BY created_at, id', [
        account,
      ]);
      return rows.map(deviceOf);
    },

    addDevice: (account, device) =>
      driver.transaction(async (connection) => {
        await hold(connection, account);
        await insertDevice(connection, account, device);
        await note(connection, account, 'device.add', device.createdAt);
      }),

    removeDevice: (account, id, at) =>
      driver.transaction(async (connection) => {
        const removed = await connection.query('DELETE FROM devices WHERE account = $1 AND id = $2 RETURNING id', [
          account,
          id,
        ]);
        if (removed.length === 0) return false;
        await connection.query('DELETE FROM sessions WHERE account = $1', [account]);
        await note(connection, account, 'device.revoke', at);
        return true;
      }),

    takeCode: (code, at) =>
      driver.transaction(async (connection) => {
        const [row] = await connection.query<{ account: Uint8Array }>(
          'DELETE FROM recovery_codes WHERE hash = $1 RETURNING account',
          [hashOfCode(code)],
        );
        if (row === undefined) return null;
        const account = Uint8Array.from(row.account);
        await note(connection, account, 'recover', at);
        return account;
      }),

    async codesLeft(account) {
      const sql = 'SELECT is_short FROM recovery_codes WHERE account = $1';
      const rows = await driver.query<{ is_short: boolean }>(sql, [account]);
      return { codesLeft: rows.length, codesShort: rows.some(({ is_short }) => is_short) };
    },

    renewCodes: (account, at) =>
      driver.transaction(async (connection) => {
        await hold(connection, account);
        await note(connection, account, 'codes.renew', at);
        return insertCodes(connection, account);
      }),

    renewTemplate: (account, template) =>
      driver.transaction(async (connection) => {
        await hold(connection, account);
        await deleteTemplate(connection, account);
        await insertTemplate(connection, keyring, template);
        await note(connection, account, 'renew', template.createdAt);
      }),

    async hasTemplate(account) {
      const sql = 'SELECT 1 FROM templates WHERE tenant = $1 AND subject = $2';
      return (await driver.query(sql, [tenant, subjectOf(account)])).length > 0;
    },

    removeTemplate: (account, at) =>
      driver.transaction(async (connection) => {
        await deleteTemplate(connection, account);
        await note(connection, account, 'remove', at);
      }),

    remove: (account, at) =>
      driver.transaction(async (connection) => {
        // Devices, codes and sessions go with it. First, as others hold it: each would wait for the other.
        await connection.query('DELETE FROM accounts WHERE id = $1', [account]);
        await deleteTemplate(connection, account);
        await note(connection, account, 'account.remove', at);
      }),

    async beginSession(account, by, at) {
      const token = randomBytes(32).toString('base64url');
      await driver.query('DELETE FROM sessions WHERE expires_at <= $1', [at]);
      await driver.query('INSERT INTO sessions (hash, account, by, expires_at) VALUES ($1, $2, $3, $4)', [
        sha256(token),
        account,
        by,
        new Date(at.getTime() + SESSION_LIFETIME),
      ]);
      return token;
    },

    async session(token, at) {
      const [row] = await driver.query<SessionRow & Pick<Session, 'account' | 'name'>>(
        `SELECT ${SESSION_COLUMNS}, account, name FROM sessions JOIN accounts ON accounts.id = account
         WHERE hash = $1 AND expires_at > $2`,
        [sha256(token), at],
      );
      return row === undefined ? null : { ...sessionOf(row), account: Uint8Array.from(row.account), name: row.name };
    },

    async endSession(token) {
      await driver.query('DELETE FROM sessions WHERE hash = $1', [sha256(token)]);
    },

    async sessions(account, at) {
      const rows = await driver.query<SessionRow>(
        `SELECT ${SESSION_COLUMNS} FROM sessions WHERE account = $1 AND expires_at > $2 ORDER BY expires_at DESC`,
        [account, at],
      );
      return rows.map(sessionOf);
    },

    removeSession: (account, id, at) =>
      driver.transaction(async (connection) => {
        const removed = await connection.query(
          `DELETE FROM sessions WHERE account = $1 AND ${SESSION_ID} = $2 RETURNING account`,
          [account, id],
        );
        if (removed.length === 0) return false;
        await note(connection, account, 'session.revoke', at);
        return true;
      }),
  };
}

const SESSION_ID = "encode(substr(hash, 1, 8), 'hex')";
const SESSION_COLUMNS = `${SESSION_ID} AS id, by, sessions.expires_at`;

interface SessionRow extends Pick<Session, 'id' | 'by'> {
  readonly expires_at: Date;
}

function sessionOf({ id, by, expires_at }: SessionRow) {
  return { id, by, begunAt: new Date(expires_at.getTime() - SESSION_LIFETIME) };
}

interface DeviceRow {
  readonly id: string;
  readonly account: Uint8Array;
  readonly public_key: Uint8Array;
  readonly counter: string | number;
  readonly created_at: Date;
  readonly used_at: Date;
}

function deviceOf({ id, public_key, counter, created_at, used_at }: DeviceRow): Device {
  return {
    id,
    publicKey: Uint8Array.from(public_key),
    counter: Number(counter),
    createdAt: created_at,
    usedAt: used_at,
  };
}

/** 120 random bits, as "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01". */
function newCode(): string {
  let bits = BigInt(`0x${randomBytes(CODE_BYTES).toString('hex')}`);
  let code = '';
  for (let i = 0; i < (8 * CODE_BYTES) / 5; i++, bits >>= 5n) code += ALPHABET[Number(bits & 31n)]!;
  return code.replace(/(.{4})(?=.)/g, '$1-');
}

/** As somebody types it: letters of either case, with or without dashes, and those that look like a digit for that. */
function hashOfCode(code: string): Uint8Array {
  const letters = code.toUpperCase().replace(/[^0-9A-Z]/g, '');
  return sha256(letters.replace(/O/g, '0').replace(/[IL]/g, '1'));
}
