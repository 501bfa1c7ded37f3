import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type Context, type MiddlewareHandler } from 'hono';

/** A part of a file, by its first and last byte, or so many from its end. */
const RANGE = /^bytes=(\d+-\d*|-\d+)$/;

/**
 * Serves the built app. Files under /assets and /element/assets have a hash of their content in their name and never change; all others are asked for
 * again each time. An address that names no file is a page of the app, which index.html shows. Where a file has a compressed copy beside it, that is
 * sent, but to who asks for a part: parts are of the file as it is.
 */
export function files(folder: string): Hono {
  const app = new Hono();
  const page = compressed({ root: folder, path: 'index.html' });
  app.use(ranges(app), caching, compressed({ root: folder }));
  app.get('*', (context, next) => (/\.[^/]*$/.test(context.req.path) ? next() : page(context, next)));
  return app;
}

function compressed(options: { root: string; path?: string }): MiddlewareHandler {
  const [whole, part] = [serveStatic({ ...options, precompressed: true }), serveStatic(options)];
  return (context, next) => (context.req.header('Range') === undefined ? whole : part)(context, next);
}

/** Answers with the whole file where a range cannot be read, or is of another version than the server has now (If-Range). */
const ranges =
  (app: Hono): MiddlewareHandler =>
  async (context, next) => {
    const range = context.req.header('Range');
    if (range === undefined) return next();
    if (RANGE.test(range)) {
      await next();
      const version = context.req.header('If-Range');
      if (version === undefined || version === context.res.headers.get('ETag')) return;
      await context.res.body?.cancel();
    }
    const headers = new Headers(context.req.header());
    headers.delete('Range');
    // Headers of one that is there would be added.
    context.res = undefined;
    context.res = await app.request(context.req.path, { method: context.req.method, headers });
  };

const caching: MiddlewareHandler = async (context, next) => {
  await next();
  const tag = tagOf(context);
  if (tag === null) return;
  const forever = /^(\/element)?\/assets\//.test(context.req.path);
  context.header('Cache-Control', forever ? 'public, max-age=31536000, immutable' : 'no-cache');
  context.header('ETag', tag);
  context.header('Accept-Ranges', 'bytes');
  if (context.req.header('If-None-Match') !== tag) return;
  await context.res.body?.cancel();
  context.res = new Response(null, { status: 304, headers: context.res.headers });
};

/** Of the file that is sent, compressed or not, by its size and time; the same for its parts. Null if there is none. */
function tagOf({ res }: Context): string | null {
  const changed = Date.parse(res.headers.get('Last-Modified') ?? '');
  const size = res.headers.get('Content-Range')?.split('/')[1] ?? res.headers.get('Content-Length');
  return Number.isNaN(changed) || size === null ? null : `"${size}-${changed}"`;
}
