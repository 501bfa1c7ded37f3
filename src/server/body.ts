import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { XnnError } from '../core/errors.js';
import { OFFSET_HEADER } from '../wire/training.js';

/**
 * Lets a request through whose body is of one of these types and at most `most` bytes, and reads it. No more than `most` bytes are
 * ever held, whatever the request claims, nor waited for longer than a slow line needs for them.
 *
 * @throws request_invalid, message_too_long, message_truncated if the sender stops half-way or takes too long
 */
export function limitBody(most: number, ...types: readonly string[]): MiddlewareHandler {
  const patience = PATIENCE + most / SLOWEST;
  return async (context, next) => {
    const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
    if (!types.includes(type)) throw new XnnError('request_invalid', `the body must be ${types.join(' or ')}`);
    const length = context.req.header('content-length');
    if (Number(length ?? 0) > most) throw tooLong(most);
    const isHeld = (context.env as Partial<HttpBindings> | undefined)?.incoming !== undefined && length !== undefined;
    if (!isHeld) {
      const body = await within(patience, readAtMost(context.req.raw.body, most));
      context.req.raw = new Request(context.req.raw, { body });
    } else {
      // Node holds a body to the length it states. It is kept for who reads it next.
      await within(patience, context.req.arrayBuffer().catch(truncated));
    }
    await next();
  };
}

/** For any body, in ms. */
export const PATIENCE = 15_000;
/** Line that is waited for, in bytes a ms. */
const SLOWEST = 80;

/** @throws message_truncated if it takes longer than `ms` */
function within<T>(ms: number, reading: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new XnnError('message_truncated', 'the body took too long')), ms);
    reading.then(resolve, reject).finally(() => clearTimeout(late));
  });
}

/** A part of an upload, as `partRequest` describes it, and where it begins. */
export async function partOf({ req }: Context): Promise<readonly [offset: number, part: Uint8Array]> {
  return [Number(req.header(OFFSET_HEADER)), new Uint8Array(await req.arrayBuffer())];
}

async function readAtMost(stream: ReadableStream<Uint8Array> | null, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream ?? []) {
      size += chunk.length;
      if (size > most) throw tooLong(most);
      chunks.push(chunk);
    }
  } catch (cause) {
    truncated(cause);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

function truncated(cause: unknown): never {
  throw cause instanceof XnnError ? cause : new XnnError('message_truncated', 'the body ended early', { cause });
}

function tooLong(most: number): XnnError {
  return new XnnError('message_too_long', `more than ${most} bytes`);
}
