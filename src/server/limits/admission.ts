import type { Context, MiddlewareHandler } from 'hono';
import { XnnError } from '../../core/errors.js';
import type { Limiter, Rates } from './limiter.js';

/** Requests that may be under way when another comes, about a second's work; with more, it is told so at once. */
export const MOST_UNDER_WAY = 128;
/** Of these, those of one address, so that one visitor who sends slowly does not shut out the others. */
export const MOST_OF_AN_ADDRESS = 32;

export interface Entrance {
  readonly limiter: Limiter;
  readonly rates: Pick<Rates, 'perAddress'>;
  readonly addressOf: (context: Context) => string;
}

/**
 * Lets a request in unless there is too much to do already or its address asks too often. Reading is not counted, but where it writes.
 *
 * @param writes whether a GET does
 * @throws overloaded, limited
 */
export function admission({ limiter, rates, addressOf }: Entrance): (writes?: boolean) => MiddlewareHandler {
  const ofAddress = new Map<string, number>();
  let underWay = 0;
  return (writes = false) =>
    async (context, next) => {
      const address = addressOf(context);
      const own = ofAddress.get(address) ?? 0;
      if (underWay >= MOST_UNDER_WAY || own >= MOST_OF_AN_ADDRESS) throw new XnnError('overloaded', 'requests');
      underWay++;
      ofAddress.set(address, own + 1);
      try {
        if (writes || context.req.method !== 'GET') await limiter.admitAddress(address, rates.perAddress);
        await next();
      } finally {
        underWay--;
        const left = ofAddress.get(address)! - 1;
        if (left > 0) ofAddress.set(address, left);
        else ofAddress.delete(address);
      }
    };
}
