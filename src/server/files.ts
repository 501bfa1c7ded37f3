import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type MiddlewareHandler } from 'hono';

/**
 * Serves the built app. Files under /assets and /element/assets have a hash of their content in their name and never change; all others are asked for
 * again each time. An address that names no file is a page of the app, which index.html shows. Where a file has a compressed copy beside it, that is sent.
 */
export function files(folder: string): Hono {
  const app = new Hono();
  const page = serveStatic({ root: folder, path: 'index.html', precompressed: true });
  app.use(caching, serveStatic({ root: folder, precompressed: true }));
  app.get('*', (context, next) => (/\.[^/]*$/.test(context.req.path) ? next() : page(context, next)));
  return app;
}

const caching: MiddlewareHandler = async (context, next) => {
  await next();
  if (!context.res.ok) return;
  const forever = /^(\/element)?\/assets\//.test(context.req.path);
  context.header('Cache-Control', forever ? 'public, max-age=31536000, immutable' : 'no-cache');
  const headers = context.res.headers;
  const tag = `W/"${headers.get('Content-Length')}-${Date.parse(headers.get('Last-Modified') ?? '')}"`;
  context.header('ETag', tag);
  if (context.req.header('If-None-Match') !== tag) return;
  await context.res.body?.cancel();
  context.res = new Response(null, { status: 304, headers: context.res.headers });
};
