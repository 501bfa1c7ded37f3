import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { TOKEN_BYTES } from '../wire/training.js';

/** SHA-256 of the token of a request, [32]; null if it shows none. */
export function shownToken(context: Context): Uint8Array | null {
  const [, digits] = /^Bearer ([0-9a-f]+)$/.exec(context.req.header('authorization') ?? '') ?? [];
  return digits?.length === 2 * TOKEN_BYTES ? hashOf(Buffer.from(digits, 'hex')) : null;
}

export function hashOf(token: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(token).digest());
}

/** By the same work whether something is stored or not, and wherever the two differ. */
export function isToken(shown: Uint8Array | null, stored: Uint8Array | undefined): boolean {
  const nothing = new Uint8Array(TOKEN_BYTES);
  const equal = timingSafeEqual(shown ?? nothing, stored ?? nothing);
  return equal && shown !== null && stored !== undefined;
}
