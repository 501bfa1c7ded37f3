import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { XnnError } from '../../core/errors.js';
import { TENANT_BYTES } from '../../core/spec.js';
import type { SearchReply, TenantMode } from '../../wire/admin.js';
import { fromHex, toHex } from '../../wire/hex.js';
import { FREE_MISSES, MOST_MISSES } from '../limits/limiter.js';
import type { Clients } from '../oidc/clients.js';
import { webhookState } from '../operations/webhooks.js';
import type { Store } from '../store.js';
import type { Env } from './authenticate.js';
import {
  auditRoute,
  changeTenantRoute,
  clientsRoute,
  createClientRoute,
  createKeyRoute,
  createTenantRoute,
  deleteClientRoute,
  deleteSubjectRoute,
  disableTenantRoute,
  keysRoute,
  ownKeyRoute,
  readTenantRoute,
  revokeKeyRoute,
  rotateKeyRoute,
  searchRoute,
  tenantsRoute,
  unlockRoute,
  webhookRoute,
} from './routes.js';
import { grantedScopes, OVERLAP, type ApiKey, type Principal, type Tenant } from './tenants.js';

const DAY = 86_400_000;
const MOST_ENTRIES = 1_000;
/** Entries or subjects of a page. */
const PAGE = 50;

export interface Administration {
  readonly store: Store;
  readonly now: () => number;
  /** Which mode a template is of, by the version of its networks; null if none that is served. */
  readonly modeOf: (model: Uint8Array) => TenantMode | null;
}

/** What a tenant's administrators do, each within the tenant of his key. Registers the routes. */
export function administer(app: OpenAPIHono<Env>, { store, now, modeOf }: Administration): void {
  const { tenants, audit, limiter, keyring } = store;
  const act = ({ actor }: Principal) => ({ actor, at: new Date(now()) });
  const principalOf = (context: Context<Env>) => context.get('principal');

  /** A key of this tenant that may do no more than the one that asks. @throws not_found, forbidden */
  async function lesserKey({ tenant, scopes }: Principal, id: string): Promise<ApiKey> {
    const key = (await tenants.keys(tenant.id)).find((candidate) => candidate.id === id);
    if (key === undefined) throw new XnnError('not_found');
    if (key.scopes.some((scope) => !scopes.has(scope))) throw new XnnError('forbidden', 'a key that may do more');
    return key;
  }

  app.openapi(ownKeyRoute, (context) => {
    const { actor, scopes } = principalOf(context);
    return context.json({ id: actor, scopes: [...scopes] }, 200);
  });

  app.openapi(webhookRoute, async (context) =>
    context.json(await webhookState(store, principalOf(context).tenant.id), 200),
  );

  app.openapi(searchRoute, async (context) => {
    const { tenant } = principalOf(context);
    const { name, after } = context.req.valid('json');
    const found = await store.list(tenant.id, PAGE + 1, after, name);
    const subjects: SearchReply['subjects'][number][] = [];
    // One after another: a page is not worth a crowd before the database.
    for (const { subject, model, createdAt } of found.slice(0, PAGE)) {
      const misses = await limiter.misses(tenant.id, subject);
      const lock = misses >= MOST_MISSES ? 'locked' : misses >= FREE_MISSES ? 'paced' : 'open';
      subjects.push({ subject, enrolledAt: createdAt.toISOString(), mode: modeOf(model), misses, lock });
    }
    return context.json({ total: await store.count(tenant.id), more: found.length > PAGE, subjects }, 200);
  });

  app.openapi(readTenantRoute, (context) => context.json(shown(principalOf(context).tenant), 200));

  app.openapi(changeTenantRoute, async (context) => {
    const principal = principalOf(context);
    return context.json(
      shown(await tenants.change(principal.tenant.id, context.req.valid('json'), act(principal))),
      200,
    );
  });

  app.openapi(keysRoute, async (context) => {
    const keys = await tenants.keys(principalOf(context).tenant.id);
    const listed = keys.map(({ createdAt, expiresAt, revokedAt, ...key }) => ({
      ...key,
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt?.toISOString() ?? null,
      revokedAt: revokedAt?.toISOString() ?? null,
    }));
    return context.json({ keys: listed }, 200);
  });

  app.openapi(createKeyRoute, async (context) => {
    const principal = principalOf(context);
    const { role, scopes: wanted, expiresInDays } = context.req.valid('json');
    const scopes = grantedScopes(role, wanted);
    if (scopes.some((scope) => !principal.scopes.has(scope))) throw new XnnError('forbidden', 'more than its own');
    const asked = expiresInDays === undefined ? null : new Date(now() + expiresInDays * DAY);
    const expiresAt = outlasts(asked, principal.expiresAt) ? principal.expiresAt : asked;
    return context.json(await tenants.createKey(principal.tenant.id, { role, scopes, expiresAt }, act(principal)), 200);
  });

  app.openapi(rotateKeyRoute, async (context) => {
    const principal = principalOf(context);
    const old = await lesserKey(principal, context.req.valid('param').id);
    if (outlasts(old.expiresAt, principal.expiresAt)) throw new XnnError('forbidden', 'a key that lasts longer');
    const by = act(principal);
    if (!(await tenants.revokeKey(principal.tenant.id, old.id, by, new Date(now() + OVERLAP)))) {
      throw new XnnError('not_found');
    }
    return context.json(await tenants.createKey(principal.tenant.id, old, by), 200);
  });

  app.openapi(revokeKeyRoute, async (context) => {
    const principal = principalOf(context);
    const { id } = await lesserKey(principal, context.req.valid('param').id);
    if (!(await tenants.revokeKey(principal.tenant.id, id, act(principal)))) throw new XnnError('not_found');
    return context.json({ done: true } as const, 200);
  });

  app.openapi(auditRoute, async (context) => {
    const { after, before } = context.req.valid('query');
    const { id } = principalOf(context).tenant;
    const entries = await (before === undefined
      ? audit.read(id, after, MOST_ENTRIES)
      : audit.readBefore(id, before, PAGE));
    return context.json({ entries }, 200);
  });

  app.openapi(unlockRoute, async (context) => {
    const principal = principalOf(context);
    const { subject } = context.req.valid('param');
    const tenant = principal.tenant.id;
    await limiter.succeed(tenant, subject);
    const object = keyring.pseudonym(tenant, subject);
    await audit.append({ ...act(principal), tenant, action: 'unlock', object, outcome: 'done' });
    return context.json({ done: true } as const, 200);
  });

  app.openapi(deleteSubjectRoute, async (context) => {
    const principal = principalOf(context);
    const { subject } = context.req.valid('param');
    const removed = await store.removeSubject(principal.tenant.id, subject, null, act(principal));
    if (!removed) throw new XnnError('not_found');
    // Who is enrolled under the name from now on is somebody new.
    await limiter.succeed(principal.tenant.id, subject);
    return context.json({ done: true } as const, 200);
  });

  app.openapi(tenantsRoute, async (context) => {
    const all = (await tenants.list()).map(({ id, name, createdAt, disabledAt }) => ({
      id: toHex(id),
      name,
      createdAt: createdAt.toISOString(),
      disabledAt: disabledAt?.toISOString() ?? null,
    }));
    return context.json({ tenants: all }, 200);
  });

  app.openapi(createTenantRoute, async (context) => {
    const { tenant, ...key } = await tenants.create(context.req.valid('json').name, act(principalOf(context)));
    return context.json({ tenant: toHex(tenant), ...key }, 200);
  });

  app.openapi(disableTenantRoute, async (context) => {
    const principal = principalOf(context);
    const id = fromHex(context.req.valid('param').id, TENANT_BYTES);
    // Nobody could take it back.
    if (toHex(id) === toHex(principal.tenant.id)) throw new XnnError('forbidden', 'its own tenant');
    await tenants.disable(id, context.req.valid('json').disabled, act(principal));
    return context.json({ done: true } as const, 200);
  });
}

/** What the operator does with the clients of the OpenID Connect provider. Registers the routes. */
export function administerClients(app: OpenAPIHono<Env>, clients: Clients, now: () => number): void {
  const act = (context: Context<Env>) => ({ actor: context.get('principal').actor, at: new Date(now()) });

  app.openapi(clientsRoute, async (context) => {
    const all = (await clients.list()).map(({ createdAt, ...client }) => ({
      ...client,
      createdAt: createdAt.toISOString(),
    }));
    return context.json({ clients: all }, 200);
  });

  app.openapi(createClientRoute, async (context) =>
    context.json(await clients.create(context.req.valid('json'), act(context)), 200),
  );

  app.openapi(deleteClientRoute, async (context) => {
    const removed = await clients.remove(context.req.valid('param').id, act(context));
    if (!removed) throw new XnnError('client_missing');
    return context.json({ done: true } as const, 200);
  });
}

/** Whether a key lasts longer than another. Null is for ever. */
function outlasts(one: Date | null, other: Date | null): boolean {
  return other !== null && (one === null || one > other);
}

function shown(tenant: Tenant) {
  const { id, name, threshold, keyedThreshold, perMinute, retentionDays, isPublic, webhook, modes } = tenant;
  return { id: toHex(id), name, threshold, keyedThreshold, perMinute, retentionDays, isPublic, webhook, modes };
}
