import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { PATIENCE } from '../body.js';
import type { OidcProvider } from './provider.js';

export interface OidcGate {
  readonly provider: OidcProvider;
  readonly admit: (writes?: boolean) => MiddlewareHandler;
}

/** The protocol's routes, which oidc-provider answers on Node's own request and response. */
export function oidcApp({ provider, admit }: OidcGate): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const answer = async (context: Context<{ Bindings: HttpBindings }>) => {
    const { incoming, outgoing } = context.env;
    // oidc-provider waits for a body as long as the connection lasts.
    const late = setTimeout(() => incoming.complete || incoming.destroy(), PATIENCE);
    await provider.answer({ incoming, outgoing }).finally(() => clearTimeout(late));
    const { statusCode } = outgoing;
    // Sent already; only the log sees this one.
    return new Response(null, { status: statusCode, headers: { 'x-hono-already-sent': 'true' } });
  };
  const methods = ['GET', 'POST', 'OPTIONS'];
  // A login is begun by a GET, and kept.
  app.on(methods, ['/oidc/auth', '/oidc/auth/*'], admit(true), answer);
  app.on(methods, ['/oidc/*', '/.well-known/openid-configuration'], admit(), answer);
  return app;
}
