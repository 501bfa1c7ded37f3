import type { Context, MiddlewareHandler } from 'hono';
import { XnnError } from '../../core/errors.js';
import type { Store } from '../store.js';
import type { Rates } from './limiter.js';

/** Statements that may be under way in the database when a request comes; with more, it is told so at once. */
const LONGEST_QUEUE = 64;

export interface Entrance {
  readonly store: Pick<Store, 'driver' | 'limiter'>;
  readonly rates: Pick<Rates, 'perAddress'>;
  readonly addressOf: (context: Context) => string;
}

/**
 * Lets a request in unless there is too much to do already or its address asks too often. Reading is not counted.
 *
 * @throws overloaded, limited
 */
export function admit({ store: { driver, limiter }, rates, addressOf }: Entrance): MiddlewareHandler {
  return async (context, next) => {
    if (driver.pending() >= LONGEST_QUEUE) throw new XnnError('overloaded', 'database');
    if (context.req.method !== 'GET') await limiter.admitAddress(addressOf(context), rates.perAddress);
    await next();
  };
}
