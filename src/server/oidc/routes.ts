import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import type { Limiter, Rates } from '../limits/limiter.js';
import type { OidcProvider } from './provider.js';

export interface OidcGate {
  readonly provider: OidcProvider;
  readonly limiter: Limiter;
  readonly rates: Rates;
  readonly addressOf: (context: Context) => string;
}

/** The protocol's routes, which oidc-provider answers on Node's own request and response. */
export function oidcApp({ provider, limiter, rates, addressOf }: OidcGate): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.on(['GET', 'POST', 'OPTIONS'], ['/oidc/*', '/.well-known/openid-configuration'], async (context) => {
    if (context.req.method !== 'GET') await limiter.admitAddress(addressOf(context), rates.perAddress);
    await provider.answer(context.env);
    const { statusCode } = context.env.outgoing;
    // Sent already; only the log sees this one.
    return new Response(null, { status: statusCode, headers: { 'x-hono-already-sent': 'true' } });
  });
  return app;
}
