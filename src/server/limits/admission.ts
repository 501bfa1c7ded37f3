import type { Context, MiddlewareHandler } from 'hono';
import { XnnError } from '../../core/errors.js';
import type { Limiter, Rates } from './limiter.js';

/** Requests that may be under way when another comes, about a second's work; with more, it is told so at once. */
export const MOST_UNDER_WAY = 128;

export interface Entrance {
  readonly limiter: Limiter;
  readonly rates: Pick<Rates, 'perAddress'>;
  readonly addressOf: (context: Context) => string;
}

/**
 * Lets a request in unless there is too much to do already or its address asks too often. Reading is not counted.
 *
 * @throws overloaded, limited
 */
export function admit({ limiter, rates, addressOf }: Entrance): MiddlewareHandler {
  let underWay = 0;
  return async (context, next) => {
    if (underWay >= MOST_UNDER_WAY) throw new XnnError('overloaded', 'requests');
    underWay++;
    try {
      if (context.req.method !== 'GET') await limiter.admitAddress(addressOf(context), rates.perAddress);
      await next();
    } finally {
      underWay--;
    }
  };
}
