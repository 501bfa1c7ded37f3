import { TENANT_BYTES } from '../../core/spec.js';
import { auditHash, NO_ENTRY, type AuditEntry } from '../../wire/audit.js';
import { fromHex, toHex } from '../../wire/hex.js';
import { batched } from '../batch.js';
import { lockTenant, valuesOf, type Connection, type Driver } from '../drivers.js';

export const AUDIT_ACTIONS = [
  'enrol',
  'renew',
  'verify',
  'score',
  'identify',
  'remove',
  'expire',
  'unlock',
  'tenant.create',
  'tenant.change',
  'tenant.disable',
  'tenant.enable',
  'key.create',
  'key.revoke',
  'login',
  'recover',
  'device.add',
  'device.revoke',
  'codes.renew',
  'session.revoke',
  'account.create',
  'account.remove',
  'client.create',
  'client.remove',
  'signing_key.rotate',
  'authorize',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Who does something, and when. */
export interface Act {
  /** "public", "operator", "account", or the id of an API key or of a client. Never a name. */
  readonly actor: string;
  readonly at: Date;
}

/** What is to be kept of one thing that happened. Holds no biometrics, no token and no name. */
export interface AuditEvent extends Act {
  readonly tenant: Uint8Array;
  readonly action: AuditAction;
  /** Pseudonym of the subject, or id of the key or client; null when it is about the tenant. */
  readonly object: string | null;
  readonly outcome: 'done' | 'match' | 'no_match' | 'refused';
}

/** Each tenant's log: appended to, never changed (the database refuses), each entry bound to all before it. */
export interface AuditLog {
  /** Resolves when the event is kept. Events that come while others are written share a transaction. */
  append(event: AuditEvent): Promise<void>;
  /** Keeps events together with what else the transaction writes. */
  within(connection: Connection, ...events: readonly AuditEvent[]): Promise<void>;
  /** At most `most` entries after `seq`, oldest first. */
  read(tenant: Uint8Array, after: number, most: number): Promise<readonly AuditEntry[]>;
  /** The last `most` entries before `seq`, oldest first; of one object, if one is named. */
  readBefore(tenant: Uint8Array, seq: number, most: number, object?: string): Promise<readonly AuditEntry[]>;
}

const COLUMN_TYPES = ['bytea', 'bigint', 'timestamptz', 'text', 'text', 'text', 'text', 'bytea', 'bytea'];

export function openAuditLog(driver: Driver): AuditLog {
  async function extend(connection: Connection, tenant: Uint8Array, events: readonly AuditEvent[]): Promise<void> {
    await lockTenant(connection, tenant);
    const [last] = await connection.query<{ seq: number; hash: Uint8Array }>(
      'SELECT seq::float8 AS seq, hash FROM audit WHERE tenant = $1 ORDER BY audit.seq DESC LIMIT 1',
      [tenant],
    );
    let seq = last?.seq ?? 0;
    let previous = last === undefined ? NO_ENTRY : toHex(last.hash);
    const rows = events.map(({ at, actor, action, object, outcome }) => {
      seq++;
      const hash = auditHash(toHex(tenant), { seq, at: at.toISOString(), actor, action, object, outcome, previous });
      const row = [tenant, seq, at, actor, action, object, outcome, fromHex(previous, 32), fromHex(hash, 32)];
      previous = hash;
      return row;
    });
    const { sql, parameters } = valuesOf(COLUMN_TYPES, rows);
    await connection.query(
      `INSERT INTO audit (tenant, seq, at, actor, action, object, outcome, previous, hash) ${sql}`,
      parameters,
    );
  }

  const within: AuditLog['within'] = async (connection, ...events) => {
    // In one order everywhere, so that two processes never wait for each other.
    const tenants = [...new Set(events.map(({ tenant }) => toHex(tenant)))].toSorted();
    for (const id of tenants) {
      const chain = events.filter(({ tenant }) => toHex(tenant) === id);
      await extend(connection, fromHex(id, TENANT_BYTES), chain);
    }
  };

  const append = batched<AuditEvent, void>(async (events) => {
    await driver.transaction((connection) => within(connection, ...events));
    return events.map(() => undefined);
  });

  return {
    append,
    within,
    async read(tenant, after, most) {
      const rows = await driver.query<StoredEntry>(
        `SELECT seq::float8 AS seq, at, actor, action, object, outcome, previous, hash FROM audit
         WHERE tenant = $1 AND audit.seq > $2 ORDER BY audit.seq LIMIT $3`,
        [tenant, after, most],
      );
      return rows.map(entryOf);
    },
    async readBefore(tenant, seq, most, object) {
      const rows = await driver.query<StoredEntry>(
        `SELECT seq::float8 AS seq, at, actor, action, object, outcome, previous, hash FROM audit
         WHERE tenant = $1 AND audit.seq < $2 AND ($4::text IS NULL OR object = $4) ORDER BY audit.seq DESC LIMIT $3`,
        [tenant, seq, most, object ?? null],
      );
      return rows.map(entryOf).toReversed();
    },
  };
}

function entryOf(row: StoredEntry): AuditEntry {
  return { ...row, at: row.at.toISOString(), previous: toHex(row.previous), hash: toHex(row.hash) };
}

type StoredEntry = Omit<AuditEntry, 'at' | 'previous' | 'hash'> & { at: Date; previous: Uint8Array; hash: Uint8Array };

/** All entries of a tenant, a thousand at a time. */
export async function* allEntries(log: AuditLog, tenant: Uint8Array): AsyncGenerator<AuditEntry> {
  for (let after = 0; ;) {
    const entries = await log.read(tenant, after, 1_000);
    yield* entries;
    if (entries.length === 0) return;
    after = entries.at(-1)!.seq;
  }
}
