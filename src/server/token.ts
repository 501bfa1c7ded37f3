import { timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { XnnError, type ErrorCode } from '../core/errors.js';
import { fromHex } from '../wire/hex.js';
import { TOKEN_BYTES } from '../wire/training.js';
import { sha256 } from './sha256.js';

/** SHA-256 of the token of a request, [32]; null if it shows none. */
export function shownToken(context: Context): Uint8Array | null {
  const [, digits] = /^Bearer ([0-9a-f]+)$/.exec(context.req.header('authorization') ?? '') ?? [];
  return digits?.length === 2 * TOKEN_BYTES ? sha256(fromHex(digits, TOKEN_BYTES)) : null;
}

/** By the same work whether something is stored or not, and wherever the two differ. */
function isToken(shown: Uint8Array | null, stored: Uint8Array | undefined): boolean {
  const nothing = new Uint8Array(TOKEN_BYTES);
  const equal = timingSafeEqual(shown ?? nothing, stored ?? nothing);
  return equal && shown !== null && stored !== undefined;
}

/**
 * The id of what a request names and shows the token of. What does not exist and a wrong token are refused alike.
 *
 * @throws `unknown`
 */
export async function owned(
  context: Context,
  id: Uint8Array,
  rows: { find(id: Uint8Array): Promise<{ readonly tokenHash: Uint8Array } | null> },
  unknown: ErrorCode,
): Promise<Uint8Array> {
  const row = await rows.find(id);
  if (!isToken(shownToken(context), row?.tokenHash)) throw new XnnError(unknown);
  return id;
}
