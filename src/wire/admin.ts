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
] as const;
export type Scope = (typeof SCOPES)[number];

export const ROLES = ['owner', 'admin', 'user'] as const;
export type Role = (typeof ROLES)[number];

/** A role is a name for what its keys may do at most. Only an owner changes settings; nobody makes a key that may do more than his own. */
export const ROLE_SCOPES: Readonly<Record<Role, readonly Scope[]>> = {
  user: ['enrol', 'verify', 'identify', 'remove'],
  admin: SCOPES.filter((scope) => scope !== 'settings'),
  owner: SCOPES,
};

/** Routes of a tenant's administration, under the cloud's address. All need a key. */
export const ADMIN_ROUTES = {
  tenant: '/v1/tenant',
  keys: '/v1/keys',
  key: (id: string) => `/v1/keys/${id}`,
  rotation: (id: string) => `/v1/keys/${id}/rotation`,
  audit: '/v1/audit',
  score: (subject: string) => `/v1/subjects/${encodeURIComponent(subject)}/score`,
  unlock: (subject: string) => `/v1/subjects/${encodeURIComponent(subject)}/unlock`,
  subject: (subject: string) => `/v1/subjects/${encodeURIComponent(subject)}`,
} as const;

/** GET and PATCH tenant. */
export interface TenantReply {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** Cosine, in [0, 1]; null for the release's. */
  readonly threshold: number | null;
  readonly retentionDays: number | null;
  readonly isPublic: boolean;
  readonly webhook: string | null;
}

export type TenantRequest = Partial<Omit<TenantReply, 'id' | 'name'>>;

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

/** GET audit?after=SEQ: up to 1,000 entries, oldest first. */
export interface AuditReply {
  readonly entries: readonly {
    readonly seq: number;
    readonly at: string;
    readonly actor: string;
    readonly action: string;
    readonly object: string | null;
    readonly outcome: string;
    readonly previous: string;
    readonly hash: string;
  }[];
}

/** POST score, with one message: for setting thresholds, not for deciding. */
export interface ScoreReply {
  readonly verdict: 'match' | 'no_match';
  /** Cosine, in [-1, 1]. */
  readonly score: number;
}

/** POST key revocation, unlock, subject removal. */
export interface DoneReply {
  readonly done: true;
}
