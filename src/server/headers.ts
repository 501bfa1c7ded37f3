import type { MiddlewareHandler } from 'hono';

/** What a page may load: only what this server serves. 'wasm-unsafe-eval' lets it compile WebAssembly, and nothing else. */
const CONTENT_SECURITY_POLICY = Object.entries({
  'default-src': "'self'",
  'connect-src': "'self'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'worker-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data: blob:",
  'media-src': "'self' blob:",
  'object-src': "'none'",
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
  'form-action': "'self'",
})
  .map((directive) => directive.join(' '))
  .join('; ');

export const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Permissions-Policy': 'camera=(self), microphone=(), geolocation=()',
  // Isolated from other origins, so that WebAssembly may use threads.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

/** Puts the security headers on every response, and keeps those of the API out of caches. */
export const securityHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
  if (context.req.path.startsWith('/v1/')) context.header('Cache-Control', 'no-store');
};
