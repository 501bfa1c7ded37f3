import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { XnnError } from '../../core/errors.js';
import { TENANT_BYTES } from '../../core/spec.js';
import { toHex } from '../../wire/hex.js';
import type { Driver, Parameter } from '../drivers.js';
import type { Keyring } from '../keyring/keyring.js';

/** Misses of a subject in a row that cost no wait. */
export const FREE_MISSES = 5;
/** Misses in a row from which on a subject's face is not asked any more, until another factor or an administrator resets it. */
export const MOST_MISSES = 50;
/** Between two tries after the free ones, in s. */
export const WAIT = 30;

/** An address belongs to none. */
const NO_TENANT = new Uint8Array(TENANT_BYTES);

/** Requests a minute. */
export interface Rates {
  readonly perAddress: number;
  readonly perTenant: number;
}

/**
 * Counts in the database, so that a restart forgets nothing and several processes count together. A try counts as a miss before it is
 * made and is forgiven when it succeeds: of many at once, no more than allowed get through.
 */
export interface Limiter {
  /** @throws limited */
  admitAddress(address: string, perMinute: number): Promise<void>;
  /** @throws limited */
  admitTenant(tenant: Uint8Array, perMinute: number): Promise<void>;
  /** Whether the subject's face may be looked at now. If so, it counts as a miss until `succeed`. */
  attempt(tenant: Uint8Array, subject: string): Promise<boolean>;
  /** Misses of the subject in a row. */
  misses(tenant: Uint8Array, subject: string): Promise<number>;
  /** Forgets the subject's misses. */
  succeed(tenant: Uint8Array, subject: string): Promise<void>;
}

export function openLimiter(driver: Driver, keyring: Keyring): Limiter {
  const limiter = (keyPrefix: string, points: number, duration: number, inMemoryBlockOnConsumed = 0) =>
    new RateLimiterPostgres({
      storeClient: clientOf(driver),
      storeType: 'client',
      tableName: 'limits',
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix,
      points,
      duration,
      inMemoryBlockOnConsumed,
    });
  const misses = limiter('misses', MOST_MISSES, 0);
  const pace = limiter('pace', 1, WAIT);
  const minutes = new Map<string, RateLimiterPostgres>();

  /** Once over the limit, an address is refused from memory: refusing must be cheaper than asking. */
  const minute = (kind: string, points: number): RateLimiterPostgres => {
    const key = `${kind}/${points}`;
    const found = minutes.get(key) ?? limiter(kind, points, 60, points + 1);
    minutes.set(key, found);
    return found;
  };

  return {
    async admitAddress(address, perMinute) {
      if (!(await passes(minute('address', perMinute), keyring.pseudonym(NO_TENANT, address)))) {
        throw new XnnError('limited', 'address');
      }
    },

    async admitTenant(tenant, perMinute) {
      if (!(await passes(minute('tenant', perMinute), toHex(tenant)))) throw new XnnError('limited', 'tenant');
    },

    async attempt(tenant, subject) {
      const key = keyring.pseudonym(tenant, subject);
      const { consumedPoints } = await misses.penalty(key, 1);
      const isFree = consumedPoints <= FREE_MISSES;
      const hasWaited = await passes(pace, isFree ? `${key}/free` : key);
      const allowed = consumedPoints <= MOST_MISSES && (isFree || hasWaited);
      // What is not looked at is no miss. The same queries whatever the answer, so that its time does not tell it.
      await misses.reward(key, allowed ? 0 : 1);
      return allowed;
    },

    async misses(tenant, subject) {
      return (await misses.get(keyring.pseudonym(tenant, subject)))?.consumedPoints ?? 0;
    },

    async succeed(tenant, subject) {
      const key = keyring.pseudonym(tenant, subject);
      await misses.delete(key);
      await pace.delete(key);
    },
  };
}

async function passes(limiter: RateLimiterPostgres, key: string): Promise<boolean> {
  try {
    await limiter.consume(key);
    return true;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return false;
    throw refusal;
  }
}

/** The driver as the library expects a client of pg. */
function clientOf(driver: Driver) {
  return {
    async query({ text, values = [] }: { text: string; values?: readonly Parameter[] }) {
      const rows = await driver.query(text, values);
      return { rows, rowCount: rows.length };
    },
  };
}
