import type { Env, Hono } from 'hono';
import { cors } from 'hono/cors';
import { ROUTES } from '../wire/api.js';

/** All that <xnn-face-login> asks for in a page of another site. The login's, the operator's and the owner's routes are not among it. */
const SHARED = [
  ROUTES.service,
  ROUTES.challenges,
  ROUTES.identification,
  '/v1/subjects/:subject/enrolment',
  '/v1/subjects/:subject/verification',
  '/element/*',
  '/models/*',
  '/wasm/*',
];

/** How long a browser may remember that it may ask, in s. */
const REMEMBERED = 600;

/** Lets pages of these origins read the answers. Never with cookies or other credentials: those belong to this server's own page. */
export function allowOrigins<E extends Env>(app: Hono<E>, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const policy = cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['Content-Type'],
    maxAge: REMEMBERED,
  });
  for (const path of SHARED) app.use(path, policy);
}
