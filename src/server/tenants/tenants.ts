import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { XnnError } from '../../core/errors.js';
import { toHex } from '../../wire/hex.js';
import { ROLE_SCOPES, SCOPES, type Role, type Scope } from '../../wire/admin.js';
import type { Act, AuditLog } from '../audit/audit.js';
import { batched } from '../batch.js';
import { valuesOf, type Connection, type Driver } from '../drivers.js';

/** What a tenant may set for itself. */
export interface TenantSettings {
  /** Cosine from which two faces are one person, in [0, 1]; null for the release's. */
  readonly threshold: number | null;
  /** Templates older than this are deleted; null keeps them. */
  readonly retentionDays: number | null;
  /** Whether requests without a key are this tenant's, as far as the server has it as the one of its page. */
  readonly isPublic: boolean;
  /** Address that is told what happens. */
  readonly webhook: string | null;
}

export interface Tenant extends TenantSettings {
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly name: string;
}

/** Whom a request comes from. */
export interface Principal {
  readonly tenant: Tenant;
  /** "public", or the id of an API key. */
  readonly actor: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** An API key without its secret. */
export interface ApiKey {
  /** 16 hexadecimal digits, no secret. */
  readonly id: string;
  readonly role: Role;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

export type NewKey = Pick<ApiKey, 'role' | 'scopes' | 'expiresAt'>;

const SECRET_BYTES = 32;
const KEY_PATTERN = /^xnn_([0-9a-f]{16})_([0-9a-f]{64})$/;
const DAY = 86_400_000;
/** How long a rotated key still works, so that its users can change over, in ms. */
export const OVERLAP = DAY;

export interface Tenants {
  /** Does nothing if the tenant is there. @throws tenant_exists if another has its name */
  ensure(id: Uint8Array, name: string, isPublic: boolean, act: Act): Promise<void>;
  list(): Promise<readonly Tenant[]>;
  find(id: Uint8Array): Promise<Tenant | null>;
  change(id: Uint8Array, settings: Partial<TenantSettings>, act: Act): Promise<Tenant>;
  /** Whom a key belongs to. Of the key only the SHA-256 is kept. @throws credentials_invalid */
  authenticate(key: string, now: Date): Promise<Principal>;
  /** A new key, told this once. */
  createKey(tenant: Uint8Array, key: NewKey, act: Act): Promise<{ readonly key: string; readonly id: string }>;
  keys(tenant: Uint8Array): Promise<readonly ApiKey[]>;
  /** False if the tenant has no such key that still works. */
  revokeKey(tenant: Uint8Array, id: string, act: Act, from?: Date): Promise<boolean>;
}

interface TenantRow {
  readonly id: Uint8Array;
  readonly name: string;
  readonly is_public: boolean;
  readonly threshold: number | null;
  readonly retention_days: number | null;
  readonly webhook: string | null;
}

const TENANT_COLUMNS = 'tenants.id, name, is_public, threshold::float8 AS threshold, retention_days, webhook';

function tenantOf({ id, name, is_public, threshold, retention_days, webhook }: TenantRow): Tenant {
  return { id: Uint8Array.from(id), name, isPublic: is_public, threshold, retentionDays: retention_days, webhook };
}

export function openTenants(driver: Driver, audit: AuditLog): Tenants {
  const find = async (id: Uint8Array, connection: Connection = driver): Promise<Tenant | null> => {
    const [row] = await connection.query<TenantRow>(`SELECT ${TENANT_COLUMNS} FROM tenants WHERE id = $1`, [id]);
    return row === undefined ? null : tenantOf(row);
  };

  /** Of the requests that come at once, all tenants in one statement. */
  const findOne = batched(async (ids: readonly Uint8Array[]): Promise<readonly (Tenant | null)[]> => {
    const { sql, parameters } = valuesOf(
      ['bytea'],
      ids.map((id) => [id]),
    );
    const rows = await driver.query<TenantRow>(
      `SELECT ${TENANT_COLUMNS} FROM tenants WHERE id IN (${sql})`,
      parameters,
    );
    const tenants = new Map(rows.map((row) => [toHex(row.id), tenantOf(row)]));
    return ids.map((id) => tenants.get(toHex(id)) ?? null);
  });

  return {
    find: findOne,

    async ensure(tenant, name, isPublic, act) {
      await driver.transaction(async (connection) => {
        const added = await connection.query(
          'INSERT INTO tenants (id, name, is_public, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id',
          [tenant, name, isPublic, act.at],
        );
        if (added.length === 1) {
          await audit.within(connection, { ...act, tenant, action: 'tenant.create', object: null, outcome: 'done' });
        } else if ((await connection.query('SELECT 1 FROM tenants WHERE id = $1', [tenant])).length === 0) {
          throw new XnnError('tenant_exists', name);
        }
      });
    },

    async list() {
      const rows = await driver.query<TenantRow>(`SELECT ${TENANT_COLUMNS} FROM tenants ORDER BY name`);
      return rows.map(tenantOf);
    },

    async change(tenant, settings, act) {
      return driver.transaction(async (connection) => {
        const before = await find(tenant, connection);
        if (before === null) throw new XnnError('tenant_missing');
        const after = { ...before, ...settings };
        // A new webhook is told what comes, not what was.
        await connection.query(
          `UPDATE tenants SET threshold = $2, retention_days = $3, is_public = $4, webhook = $5,
             webhook_seq = CASE WHEN webhook IS NOT DISTINCT FROM $5 THEN webhook_seq
               ELSE (SELECT coalesce(max(seq), 0) FROM audit WHERE tenant = $1) END
           WHERE id = $1`,
          [tenant, after.threshold, after.retentionDays, after.isPublic, after.webhook],
        );
        await audit.within(connection, { ...act, tenant, action: 'tenant.change', object: null, outcome: 'done' });
        return after;
      });
    },

    async authenticate(key, now) {
      const [, id, secret] = KEY_PATTERN.exec(key) ?? [];
      if (id === undefined || secret === undefined) throw new XnnError('credentials_invalid');
      const [row] = await driver.query<TenantRow & { secret_hash: Uint8Array; scopes: string }>(
        `SELECT ${TENANT_COLUMNS}, secret_hash, scopes FROM api_keys JOIN tenants ON tenants.id = api_keys.tenant
         WHERE api_keys.id = $1 AND (revoked_at IS NULL OR revoked_at > $2) AND (expires_at IS NULL OR expires_at > $2)`,
        [id, now],
      );
      const known = timingSafeEqual(sha256(secret), row?.secret_hash ?? new Uint8Array(32));
      if (row === undefined || !known) throw new XnnError('credentials_invalid');
      return { tenant: tenantOf(row), actor: id, scopes: new Set(scopesOf(row.scopes)) };
    },

    async createKey(tenant, { role, scopes, expiresAt }, act) {
      const id = toHex(randomBytes(8));
      const secret = toHex(randomBytes(SECRET_BYTES));
      await driver.transaction(async (connection) => {
        await connection.query(
          `INSERT INTO api_keys (id, tenant, secret_hash, role, scopes, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [id, tenant, sha256(secret), role, scopes.join(' '), act.at, expiresAt],
        );
        await audit.within(connection, { ...act, tenant, action: 'key.create', object: id, outcome: 'done' });
      });
      return { id, key: `xnn_${id}_${secret}` };
    },

    async keys(tenant) {
      const rows = await driver.query<{
        id: string;
        role: Role;
        scopes: string;
        created_at: Date;
        expires_at: Date | null;
        revoked_at: Date | null;
      }>(
        `SELECT id, role, scopes, created_at, expires_at, revoked_at FROM api_keys WHERE tenant = $1
         ORDER BY created_at, id`,
        [tenant],
      );
      return rows.map(({ id, role, scopes, created_at, expires_at, revoked_at }) => ({
        id,
        role,
        scopes: scopesOf(scopes),
        createdAt: created_at,
        expiresAt: expires_at,
        revokedAt: revoked_at,
      }));
    },

    async revokeKey(tenant, id, act, from = act.at) {
      return driver.transaction(async (connection) => {
        const revoked = await connection.query(
          `UPDATE api_keys SET revoked_at = $3
           WHERE tenant = $1 AND id = $2 AND (revoked_at IS NULL OR revoked_at > $3) RETURNING id`,
          [tenant, id, from],
        );
        if (revoked.length === 0) return false;
        await audit.within(connection, { ...act, tenant, action: 'key.revoke', object: id, outcome: 'done' });
        return true;
      });
    },
  };
}

/** Scopes of a key that asks for a role, and for a part of its scopes if it names any. @throws request_invalid */
export function grantedScopes(role: Role, wanted: readonly Scope[] = ROLE_SCOPES[role]): readonly Scope[] {
  if (wanted.some((scope) => !ROLE_SCOPES[role].includes(scope))) {
    throw new XnnError('request_invalid', `a scope that the role ${role} does not have`);
  }
  return wanted;
}

function scopesOf(text: string): Scope[] {
  return SCOPES.filter((scope) => text.split(' ').includes(scope));
}

function sha256(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
