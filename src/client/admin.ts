import { XnnError } from '../core/errors.js';
import {
  ADMIN_ROUTES,
  KEY_PATTERN,
  type AuditReply,
  type ClientsReply,
  type KeyRequest,
  type KeysReply,
  type NewClientReply,
  type NewClientRequest,
  type NewKeyReply,
  type NewTenantReply,
  type OwnKeyReply,
  type Scope,
  type SearchReply,
  type SearchRequest,
  type TenantReply,
  type TenantRequest,
  type TenantsReply,
  type WebhookReply,
} from '../wire/admin.js';
import { ROUTES, type ServiceReply } from '../wire/api.js';
import { verifyAudit, type AuditEntry } from '../wire/audit.js';
import { askFor } from './cloud.js';
import type { Fetch } from './download.js';

export { ROLE_SCOPES, ROLES, TENANT_MODES, type Role, type Scope, type TenantMode } from '../wire/admin.js';
export type { AuditEntry } from '../wire/audit.js';
export type KeyInfo = KeysReply['keys'][number];
export type SubjectInfo = SearchReply['subjects'][number];
export type TenantInfo = TenantsReply['tenants'][number];
export type ClientInfo = ClientsReply['clients'][number];
export type Settings = TenantReply;
export type SettingsChange = TenantRequest;

/** A tenant's administration, as a key lets one see it. Every method rejects with XnnError only: what the server answered, or server_away. */
export interface Admin {
  /** Id of the key. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  settings(): Promise<Settings>;
  change(settings: SettingsChange): Promise<Settings>;
  webhook(): Promise<WebhookReply>;
  /** Of the networks that are served. */
  service(): Promise<ServiceReply>;
  /** Rejects with database_away if the server's database does not answer. */
  ready(): Promise<void>;
  keys(): Promise<readonly KeyInfo[]>;
  createKey(key: KeyRequest): Promise<NewKeyReply>;
  rotateKey(id: string): Promise<NewKeyReply>;
  revokeKey(id: string): Promise<void>;
  search(wanted: SearchRequest): Promise<SearchReply>;
  unlock(subject: string): Promise<void>;
  removeSubject(subject: string): Promise<void>;
  /** The last entries before one, or of all, oldest first. */
  auditBefore(seq?: number): Promise<readonly AuditEntry[]>;
  /** All entries of the log, oldest first. */
  audit(): AsyncGenerator<AuditEntry>;
  /** Follows the whole chain here, and does not take the server's word for it. Rejects with audit_broken. */
  verifyAudit(): Promise<{ readonly entries: number; readonly head: string }>;
  tenants(): Promise<readonly TenantInfo[]>;
  createTenant(name: string): Promise<NewTenantReply>;
  disableTenant(id: string, disabled: boolean): Promise<void>;
  clients(): Promise<readonly ClientInfo[]>;
  createClient(client: NewClientRequest): Promise<NewClientReply>;
  removeClient(id: string): Promise<void>;
}

/**
 * Signs in with an API key, which stays in what is returned and is sent in a header alone.
 *
 * @throws credentials_invalid, forbidden if the key is not for administration, tenant_disabled
 */
export async function connectAdmin(
  key: string,
  fetch: Fetch = (...request) => globalThis.fetch(...request),
): Promise<Admin> {
  // Headers hold no other letters.
  if (!KEY_PATTERN.test(key)) throw new XnnError('credentials_invalid');

  /** @param field by which the reply is known; the page's own server sends the rest, whose shape the compiler holds */
  const send = <T>(method: string, path: string, field: keyof T, body?: object): Promise<T> =>
    askFor(
      fetch,
      path,
      {
        method,
        headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      },
      (reply) => (field in reply ? (reply as T) : null),
    );
  const settle = async (method: string, path: string, body?: object) => {
    await send<{ done: true }>(method, path, 'done', body);
  };

  async function* audit(): AsyncGenerator<AuditEntry> {
    for (let after = 0; ;) {
      const { entries } = await send<AuditReply>('GET', `${ADMIN_ROUTES.audit}?after=${after}`, 'entries');
      yield* entries;
      const last = entries.at(-1);
      if (last === undefined) return;
      after = last.seq;
    }
  }
  const settings = () => send<TenantReply>('GET', ADMIN_ROUTES.tenant, 'id');

  const { id, scopes } = await send<OwnKeyReply>('GET', ADMIN_ROUTES.ownKey, 'scopes');
  return {
    id,
    scopes: new Set(scopes),
    settings,
    change: (settings) => send('PATCH', ADMIN_ROUTES.tenant, 'id', settings),
    webhook: () => send('GET', ADMIN_ROUTES.webhook, 'secret'),
    service: () => send('GET', ROUTES.service, 'model'),
    ready: async () => void (await send<{ status: string }>('GET', '/v1/ready', 'status')),
    keys: async () => (await send<KeysReply>('GET', ADMIN_ROUTES.keys, 'keys')).keys,
    createKey: (wanted) => send('POST', ADMIN_ROUTES.keys, 'key', wanted),
    rotateKey: (id) => send('POST', ADMIN_ROUTES.rotation(id), 'key'),
    revokeKey: (id) => settle('DELETE', ADMIN_ROUTES.key(id)),
    search: (wanted) => send('POST', ADMIN_ROUTES.search, 'subjects', wanted),
    unlock: (subject) => settle('POST', ADMIN_ROUTES.unlock(subject)),
    removeSubject: (subject) => settle('DELETE', ADMIN_ROUTES.subject(subject)),
    auditBefore: async (seq = Number.MAX_SAFE_INTEGER) =>
      (await send<AuditReply>('GET', `${ADMIN_ROUTES.audit}?before=${seq}`, 'entries')).entries,
    audit,
    verifyAudit: async () => verifyAudit((await settings()).id, audit()),
    tenants: async () => (await send<TenantsReply>('GET', ADMIN_ROUTES.tenants, 'tenants')).tenants,
    createTenant: (name) => send('POST', ADMIN_ROUTES.tenants, 'key', { name }),
    disableTenant: (id, disabled) => settle('PATCH', ADMIN_ROUTES.otherTenant(id), { disabled }),
    clients: async () => (await send<ClientsReply>('GET', ADMIN_ROUTES.clients, 'clients')).clients,
    createClient: (client) => send('POST', ADMIN_ROUTES.clients, 'secret', client),
    removeClient: (id) => settle('DELETE', ADMIN_ROUTES.client(id)),
  };
}
