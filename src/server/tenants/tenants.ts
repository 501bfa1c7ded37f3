import { randomBytes, timingSafeEqual } from 'node:crypto';
import { XnnError } from '../../core/errors.js';
import { TENANT_BYTES } from '../../core/spec.js';
import { toHex } from '../../wire/hex.js';
import {
  KEY_PATTERN,
  ROLE_SCOPES,
  SCOPES,
  TENANT_MODES,
  type Role,
  type Scope,
  type TenantMode,
} from '../../wire/admin.js';
import type { Act, AuditLog } from '../audit/audit.js';
import { batched } from '../batch.js';
import { lockTenant, valuesOf, type Connection, type Driver } from '../drivers.js';
import { sha256 } from '../sha256.js';

/** What a tenant may set for itself. */
export interface TenantSettings {
  /** Cosine from which two faces under noise are one person, in [0, 1]; null for the release's. */
  readonly threshold: number | null;
  /** The same under their owner's key. */
  readonly keyedThreshold: number | null;
  /** Requests that are not GET a minute; null for the server's number, which it cannot exceed. */
  readonly perMinute: number | null;
  /** Templates older than this are deleted; null keeps them. */
  readonly retentionDays: number | null;
  /** Whether requests without a key are this tenant's, as far as the server has it as the one of its page. */
  readonly isPublic: boolean;
  /** Address that is told what happens. */
  readonly webhook: string | null;
  /** Those that faces are enrolled and asked in, at least one. */
  readonly modes: readonly TenantMode[];
}

export interface Tenant extends TenantSettings {
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly name: string;
  readonly createdAt: Date;
  /** Since when no key of its works, nor requests without one; null while they do. */
  readonly disabledAt: Date | null;
}

/** Names of tenants that every server makes for itself, with ids of its own. */
export const SERVERS_TENANTS = { public: 'demo', login: 'login' } as const;

/** Id of a tenant that is made by its name. */
export function tenantIdOf(name: string): Uint8Array {
  return sha256(`tenant ${name}`).subarray(0, TENANT_BYTES);
}

/** Whom a request comes from. */
export interface Principal {
  readonly tenant: Tenant;
  /** "public", or the id of an API key. */
  readonly actor: string;
  readonly scopes: ReadonlySet<Scope>;
  /** When its key ends; null if it does not, or there is none. */
  readonly expiresAt: Date | null;
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
const DAY = 86_400_000;
/** How long a rotated key still works, so that its users can change over, in ms. */
export const OVERLAP = DAY;

export interface Tenants {
  /** Does nothing if the tenant is there. @throws tenant_exists if another has its name */
  ensure(id: Uint8Array, name: string, isPublic: boolean, act: Act, modes?: readonly TenantMode[]): Promise<void>;
  /** A new tenant and its first key, an owner's, told this once. @throws tenant_exists */
  create(name: string, act: Act): Promise<{ readonly tenant: Uint8Array; readonly id: string; readonly key: string }>;
  list(): Promise<readonly Tenant[]>;
  find(id: Uint8Array): Promise<Tenant | null>;
  change(id: Uint8Array, settings: Partial<TenantSettings>, act: Act): Promise<Tenant>;
  /** Has its keys refused from now on, or no more. @throws tenant_missing */
  disable(id: Uint8Array, disabled: boolean, act: Act): Promise<void>;
  /** Whom a key belongs to. Of the key only the SHA-256 is kept. @throws credentials_invalid, tenant_disabled */
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
  readonly keyed_threshold: number | null;
  readonly per_minute: number | null;
  readonly retention_days: number | null;
  readonly webhook: string | null;
  readonly modes: string;
  readonly made_at: Date;
  readonly disabled_at: Date | null;
}

const TENANT_COLUMNS = `tenants.id, name, is_public, threshold::text::float8 AS threshold,
  keyed_threshold::float8 AS keyed_threshold, per_minute, retention_days, webhook, modes,
  tenants.created_at AS made_at, disabled_at`;

function tenantOf(row: TenantRow): Tenant {
  const { id, name, threshold, webhook } = row;
  return {
    id: Uint8Array.from(id),
    name,
    threshold,
    webhook,
    keyedThreshold: row.keyed_threshold,
    perMinute: row.per_minute,
    isPublic: row.is_public,
    retentionDays: row.retention_days,
    modes: TENANT_MODES.filter((mode) => row.modes.split(' ').includes(mode)),
    createdAt: row.made_at,
    disabledAt: row.disabled_at,
  };
}

/** @throws tenant_disabled */
export function mustServe({ disabledAt }: Tenant): void {
  if (disabledAt !== null) throw new XnnError('tenant_disabled');
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

  /** False if there is one of this id or name. */
  async function add(
    connection: Connection,
    {
      tenant,
      name,
      isPublic,
      modes,
    }: { tenant: Uint8Array; name: string; isPublic: boolean; modes: readonly TenantMode[] },
    act: Act,
  ): Promise<boolean> {
    const added = await connection.query(
      `INSERT INTO tenants (id, name, is_public, modes, created_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT DO NOTHING RETURNING id`,
      [tenant, name, isPublic, modes.join(' '), act.at],
    );
    if (added.length === 0) return false;
    await audit.within(connection, { ...act, tenant, action: 'tenant.create', object: null, outcome: 'done' });
    return true;
  }

  async function addKey(connection: Connection, tenant: Uint8Array, { role, scopes, expiresAt }: NewKey, act: Act) {
    const id = toHex(randomBytes(8));
    const secret = toHex(randomBytes(SECRET_BYTES));
    await connection.query(
      `INSERT INTO api_keys (id, tenant, secret_hash, role, scopes, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [id, tenant, sha256(secret), role, scopes.join(' '), act.at, expiresAt],
    );
    await audit.within(connection, { ...act, tenant, action: 'key.create', object: id, outcome: 'done' });
    return { id, key: `xnn_${id}_${secret}` };
  }

  return {
    find: findOne,

    async ensure(tenant, name, isPublic, act, modes = TENANT_MODES) {
      await driver.transaction(async (connection) => {
        if (await add(connection, { tenant, name, isPublic, modes }, act)) return;
        if ((await find(tenant, connection)) === null) throw new XnnError('tenant_exists', name);
      });
    },

    create: (name, act) =>
      driver.transaction(async (connection) => {
        // Before a server ever ran they are free; with another id, it would not start.
        if (Object.values<string>(SERVERS_TENANTS).includes(name)) throw new XnnError('tenant_exists', name);
        const tenant = tenantIdOf(name);
        const added = await add(connection, { tenant, name, isPublic: false, modes: TENANT_MODES }, act);
        if (!added) throw new XnnError('tenant_exists', name);
        const scopes = ROLE_SCOPES.owner;
        return { tenant, ...(await addKey(connection, tenant, { role: 'owner', scopes, expiresAt: null }, act)) };
      }),

    async list() {
      const rows = await driver.query<TenantRow>(`SELECT ${TENANT_COLUMNS} FROM tenants ORDER BY name`);
      return rows.map(tenantOf);
    },

    async change(tenant, settings, act) {
      return driver.transaction(async (connection) => {
        // What somebody else changes at the same time stays as he says.
        await lockTenant(connection, tenant);
        const before = await find(tenant, connection);
        if (before === null) throw new XnnError('tenant_missing');
        const after = { ...before, ...settings };
        // A new webhook is told what comes, not what was.
        await connection.query(
          `UPDATE tenants SET threshold = $2, retention_days = $3, is_public = $4, webhook = $5, modes = $6,
             keyed_threshold = $7, per_minute = $8,
             webhook_seq = CASE WHEN webhook IS NOT DISTINCT FROM $5 THEN webhook_seq
               ELSE (SELECT coalesce(max(seq), 0) FROM audit WHERE tenant = $1) END
           WHERE id = $1`,
          [
            tenant,
            // What is too small for the column is refused by it.
            after.threshold === null ? null : Math.fround(after.threshold),
            after.retentionDays,
            after.isPublic,
            after.webhook,
            after.modes.join(' '),
            after.keyedThreshold,
            after.perMinute,
          ],
        );
        await audit.within(connection, { ...act, tenant, action: 'tenant.change', object: null, outcome: 'done' });
        // As they are kept, which has fewer digits.
        return (await find(tenant, connection))!;
      });
    },

    async disable(tenant, disabled, act) {
      await driver.transaction(async (connection) => {
        const rows = await connection.query('UPDATE tenants SET disabled_at = $2 WHERE id = $1 RETURNING id', [
          tenant,
          disabled ? act.at : null,
        ]);
        if (rows.length === 0) throw new XnnError('tenant_missing');
        const action = disabled ? 'tenant.disable' : 'tenant.enable';
        await audit.within(connection, { ...act, tenant, action, object: null, outcome: 'done' });
      });
    },

    async authenticate(key, now) {
      const [, id, secret] = KEY_PATTERN.exec(key) ?? [];
      if (id === undefined || secret === undefined) throw new XnnError('credentials_invalid');
      const [row] = await driver.query<
        TenantRow & { secret_hash: Uint8Array; scopes: string; expires_at: Date | null }
      >(
        `SELECT ${TENANT_COLUMNS}, secret_hash, scopes, expires_at FROM api_keys JOIN tenants ON tenants.id = api_keys.tenant
         WHERE api_keys.id = $1 AND (revoked_at IS NULL OR revoked_at > $2) AND (expires_at IS NULL OR expires_at > $2)`,
        [id, now],
      );
      const known = timingSafeEqual(sha256(secret), row?.secret_hash ?? new Uint8Array(32));
      if (row === undefined || !known) throw new XnnError('credentials_invalid');
      const tenant = tenantOf(row);
      mustServe(tenant);
      return { tenant, actor: id, scopes: new Set(scopesOf(row.scopes)), expiresAt: row.expires_at };
    },

    createKey: (tenant, key, act) => driver.transaction((connection) => addKey(connection, tenant, key, act)),

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
        // Of one that ends now nothing is kept that it could be compared with: else, after a clock was set back, it would work again.
        const revoked = await connection.query(
          `UPDATE api_keys SET revoked_at = $3, secret_hash = CASE WHEN $4 THEN decode(repeat('00', 32), 'hex') ELSE secret_hash END
           WHERE tenant = $1 AND id = $2 AND (revoked_at IS NULL OR revoked_at > $3) RETURNING id`,
          [tenant, id, from, from <= act.at],
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
