import type { AuditEntry } from './audit.js';
import type { Mode } from './message.js';

/** What a key may do. Every route names the one it needs. */
export const SCOPES = [
  'enrol',
  'verify',
  'identify',
  'remove',
  'scores',
  'subjects',
  'audit',
  'keys',
  'tenant',
  'settings',
  'tenants',
  'clients',
] as const;
export type Scope = (typeof SCOPES)[number];

export const ROLES = ['operator', 'owner', 'admin', 'user'] as const;
export type Role = (typeof ROLES)[number];

/** Of the whole server, and not of one tenant. */
const OPERATORS: readonly Scope[] = ['tenants', 'clients'];
const OWNERS = SCOPES.filter((scope) => !OPERATORS.includes(scope));

/**
 * A role is a name for what its keys may do at most. Only an owner changes settings, and only an operator, whose first key the command line
 * makes, what is not one tenant's; nobody makes a key that may do more than his own.
 */
export const ROLE_SCOPES: Readonly<Record<Role, readonly Scope[]>> = {
  user: ['enrol', 'verify', 'identify', 'remove'],
  admin: OWNERS.filter((scope) => scope !== 'settings'),
  owner: OWNERS,
  operator: SCOPES,
};

/** How a tenant's faces may be protected: by noise, or by their owner's own key. */
export const TENANT_MODES = ['xnn-d', 'keyed'] as const satisfies readonly Mode[];
export type TenantMode = (typeof TENANT_MODES)[number];

/** "xnn_", the key's id, its secret. */
export const KEY_PATTERN = /^xnn_([0-9a-f]{16})_([0-9a-f]{64})$/;

/** Routes of a tenant's administration, under the cloud's address. All need a key. */
export const ADMIN_ROUTES = {
  ownKey: '/v1/key',
  tenant: '/v1/tenant',
  webhook: '/v1/tenant/webhook',
  keys: '/v1/keys',
  key: (id: string) => `/v1/keys/${id}`,
  rotation: (id: string) => `/v1/keys/${id}/rotation`,
  audit: '/v1/audit',
  search: '/v1/subjects/search',
  score: (subject: string) => `/v1/subjects/${encodeURIComponent(subject)}/score`,
  unlock: (subject: string) => `/v1/subjects/${encodeURIComponent(subject)}/unlock`,
  subject: (subject: string) => `/v1/subjects/${encodeURIComponent(subject)}`,
  tenants: '/v1/tenants',
  otherTenant: (id: string) => `/v1/tenants/${id}`,
  clients: '/v1/clients',
  client: (id: string) => `/v1/clients/${id}`,
} as const;

/** GET key: what the key that asks may do. */
export interface OwnKeyReply {
  readonly id: string;
  readonly scopes: readonly Scope[];
}

/** GET and PATCH tenant. */
export interface TenantReply {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** Cosine, in [0, 1], under noise; null for the release's. */
  readonly threshold: number | null;
  /** The same under their owner's key. */
  readonly keyedThreshold: number | null;
  /** Requests that are not GET a minute, at most the server's; null for the server's. */
  readonly perMinute: number | null;
  readonly retentionDays: number | null;
  readonly isPublic: boolean;
  readonly webhook: string | null;
  /** Those that faces are enrolled and asked in, at least one. */
  readonly modes: readonly TenantMode[];
}

/** What is not there stays as it is. */
export type TenantRequest = {
  readonly [Setting in Exclude<keyof TenantReply, 'id' | 'name'>]?: TenantReply[Setting] | undefined;
};

/** GET tenant/webhook. */
export interface WebhookReply {
  /** 64 hexadecimal digits, as text: what deliveries are signed with. */
  readonly secret: string;
  /** Number of the last entry of the audit log that was taken. */
  readonly delivered: number;
}

/** POST keys. */
export interface KeyRequest {
  readonly role: Role;
  /** All of the role's, if none are named. */
  readonly scopes?: readonly Scope[] | undefined;
  readonly expiresInDays?: number | undefined;
}

/** A new key, shown this once. */
export interface NewKeyReply {
  readonly id: string;
  /** "xnn_…", for the header Authorization: Bearer. */
  readonly key: string;
}

/** GET keys. Dates in ISO 8601. */
export interface KeysReply {
  readonly keys: readonly {
    readonly id: string;
    readonly role: Role;
    readonly scopes: readonly Scope[];
    readonly createdAt: string;
    readonly expiresAt: string | null;
    readonly revokedAt: string | null;
  }[];
}

/** POST subjects/search: a page of up to 50, by name. */
export interface SearchRequest {
  /** A part of the name, of either case; all names without it. */
  readonly name?: string | undefined;
  /** The last name of the page before. */
  readonly after?: string | undefined;
}

export interface SearchReply {
  /** How many names there are in all, found or not. */
  readonly total: number;
  /** Whether there are more after these. */
  readonly more: boolean;
  readonly subjects: readonly {
    readonly subject: string;
    readonly enrolledAt: string;
    /** Null for a template of networks that are no longer served, which matches nobody. */
    readonly mode: TenantMode | null;
    readonly misses: number;
    /** Open; asked every 30 s; or not asked any more until it is unlocked. */
    readonly lock: 'open' | 'paced' | 'locked';
  }[];
}

/** GET audit?after=SEQ: up to 1,000 entries, oldest first. GET audit?before=SEQ: the last 50 before that. */
export interface AuditReply {
  readonly entries: readonly AuditEntry[];
}

/** POST score, with one message: for setting thresholds, not for deciding. */
export interface ScoreReply {
  readonly verdict: 'match' | 'no_match';
  /** Cosine, in [-1, 1]. */
  readonly score: number;
}

/** GET tenants, all of the server's. */
export interface TenantsReply {
  readonly tenants: readonly {
    readonly id: string;
    readonly name: string;
    readonly createdAt: string;
    readonly disabledAt: string | null;
  }[];
}

/** POST tenants. */
export interface NewTenantRequest {
  readonly name: string;
}

/** A new tenant and its first key, an owner's, shown this once. */
export interface NewTenantReply extends NewKeyReply {
  readonly tenant: string;
}

/** PATCH tenants/{id}: whether its keys are refused. Not for the tenant of the key that asks. */
export interface DisableRequest {
  readonly disabled: boolean;
}

/** GET clients: who may have people log in here, by OpenID Connect. */
export interface ClientsReply {
  readonly clients: readonly {
    readonly id: string;
    readonly name: string;
    readonly redirectUris: readonly string[];
    readonly faceOnly: boolean;
    readonly createdAt: string;
  }[];
}

/** POST clients. */
export interface NewClientRequest {
  readonly name: string;
  /** https://…, or http:// on localhost; of one host. */
  readonly redirectUris: readonly string[];
  /** Refuses logins by recovery code. */
  readonly faceOnly: boolean;
}

/** The secret is shown this once. */
export interface NewClientReply {
  readonly id: string;
  readonly secret: string;
}

/** POST key revocation, unlock, subject removal, and the like. */
export interface DoneReply {
  readonly done: true;
}
