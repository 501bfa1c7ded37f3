import type { MiddlewareHandler } from 'hono';
import { XnnError } from '../../core/errors.js';
import { ROLE_SCOPES, type Scope } from '../../wire/admin.js';
import type { Rates, Limiter } from '../limits/limiter.js';
import { mustServe, type Principal, type Tenants } from './tenants.js';

/** What every route under /v1 finds in its context. */
export interface Env {
  Variables: { principal: Principal };
}

export interface Gate {
  readonly tenants: Tenants;
  readonly limiter: Limiter;
  readonly rates: Rates;
  /** Whose requests without a key are, as long as it is public. */
  readonly publicTenant: Uint8Array;
  readonly now: () => number;
}

/** Whom a request comes from, by its key; and that its tenant has not too many. Reading is not counted. */
export function authenticate({ tenants, limiter, rates, publicTenant, now }: Gate): MiddlewareHandler<Env> {
  return async (context, next) => {
    const [scheme, key] = (context.req.header('authorization') ?? '').split(' ');
    const principal =
      scheme === ''
        ? await withoutKey(tenants, publicTenant)
        : await tenants.authenticate(scheme?.toLowerCase() === 'bearer' ? (key ?? '') : '', new Date(now()));
    if (context.req.method !== 'GET') {
      const { id, perMinute } = principal.tenant;
      await limiter.admitTenant(id, Math.min(perMinute ?? Infinity, rates.perTenant));
    }
    context.set('principal', principal);
    await next();
  };
}

async function withoutKey(tenants: Tenants, publicTenant: Uint8Array): Promise<Principal> {
  const tenant = await tenants.find(publicTenant);
  if (tenant === null || !tenant.isPublic) throw new XnnError('credentials_missing');
  mustServe(tenant);
  return { tenant, actor: 'public', scopes: new Set(ROLE_SCOPES.user), expiresAt: null };
}

/** Lets a request through whose key may do this. @throws forbidden */
export function requires(scope: Scope): MiddlewareHandler<Env> {
  return async (context, next) => {
    if (!context.get('principal').scopes.has(scope)) throw new XnnError('forbidden', scope);
    await next();
  };
}
