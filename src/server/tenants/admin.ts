import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { XnnError } from '../../core/errors.js';
import { toHex } from '../../wire/hex.js';
import type { Store } from '../store.js';
import type { Env } from './authenticate.js';
import {
  auditRoute,
  changeTenantRoute,
  createKeyRoute,
  deleteSubjectRoute,
  keysRoute,
  readTenantRoute,
  revokeKeyRoute,
  rotateKeyRoute,
  unlockRoute,
} from './routes.js';
import { grantedScopes, OVERLAP, type ApiKey, type Principal, type Tenant } from './tenants.js';

const DAY = 86_400_000;
const MOST_ENTRIES = 1_000;

/** What a tenant's administrators do, each within the tenant of his key. Registers the routes. */
export function administer(app: OpenAPIHono<Env>, store: Store, now: () => number): void {
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
    const expiresAt = expiresInDays === undefined ? null : new Date(now() + expiresInDays * DAY);
    return context.json(await tenants.createKey(principal.tenant.id, { role, scopes, expiresAt }, act(principal)), 200);
  });

  app.openapi(rotateKeyRoute, async (context) => {
    const principal = principalOf(context);
    const old = await lesserKey(principal, context.req.valid('param').id);
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
    const { after } = context.req.valid('query');
    const entries = await audit.read(principalOf(context).tenant.id, after, MOST_ENTRIES);
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
    return context.json({ done: true } as const, 200);
  });
}

function shown({ id, ...tenant }: Tenant) {
  return { id: toHex(id), ...tenant };
}
