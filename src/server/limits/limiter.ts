import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { XnnError } from '../../core/errors.js';
import { TENANT_BYTES } from '../../core/spec.js';
import { toHex } from '../../wire/hex.js';
import { valuesOf, type Connection, type Driver } from '../drivers.js';
import type { Keyring } from '../keyring/keyring.js';

/** Misses of a subject in a row that cost no wait. */
export const FREE_MISSES = 5;
/** Misses in a row from which on a subject's face is not asked any more, until another factor or an administrator resets it. */
export const MOST_MISSES = 50;
/** Between two tries after the free ones, in s. */
export const WAIT = 30;

/** Behind the name of a clock that nobody waits for. */
const FREE = '/free';

/** An address belongs to none. */
const NO_TENANT = new Uint8Array(TENANT_BYTES);

/** Whom a face is said to be of. */
export interface Named {
  readonly tenant: Uint8Array;
  readonly subject: string;
}

/** Requests a minute. */
export interface Rates {
  readonly perAddress: number;
  readonly perTenant: number;
}

/**
 * Misses of subjects are counted in the database, so that a restart forgets none and several processes count together. A try counts as a miss
 * before it is made and is forgiven when it succeeds: of many at once, no more than allowed get through. Requests a minute are counted in
 * memory, by each process for itself: refusing must be cheaper than asking.
 */
export interface Limiter {
  /** @throws limited */
  admitAddress(address: string, perMinute: number): Promise<void>;
  /** @throws limited */
  admitTenant(tenant: Uint8Array, perMinute: number): Promise<void>;
  /** Of each try, in the order in which they came, whether the subject's face may be looked at now. If so, it counts as a miss until `forgive`. */
  attempts(connection: Connection, tries: readonly Named[]): Promise<readonly boolean[]>;
  /** Forgets the misses of those who succeeded. */
  forgive(connection: Connection, subjects: readonly Named[]): Promise<void>;
  /** Misses of the subject in a row. */
  misses(tenant: Uint8Array, subject: string): Promise<number>;
  /** Forgets the subject's misses. */
  succeed(tenant: Uint8Array, subject: string): Promise<void>;
}

export function openLimiter(driver: Driver, keyring: Keyring): Limiter {
  const minutes = new Map<string, RateLimiterMemory>();
  const pseudonym = ({ tenant, subject }: Named) => keyring.pseudonym(tenant, subject);

  /** @throws limited */
  async function admit(kind: string, key: string, points: number): Promise<void> {
    const name = `${kind}/${points}`;
    const minute = minutes.get(name) ?? new RateLimiterMemory({ keyPrefix: name, points, duration: 60 });
    minutes.set(name, minute);
    await minute.consume(key).catch((refusal: unknown) => {
      throw refusal instanceof RateLimiterRes ? new XnnError('limited', kind) : refusal;
    });
  }

  return {
    admitAddress: (address, perMinute) => admit('address', keyring.pseudonym(NO_TENANT, address), perMinute),
    admitTenant: (tenant, perMinute) => admit('tenant', toHex(tenant), perMinute),
    attempts: (connection, tries) => attempts(connection, tries.map(pseudonym)),
    forgive: (connection, subjects) => forget(connection, subjects.map(pseudonym)),
    succeed: (tenant, subject) => forget(driver, [pseudonym({ tenant, subject })]),
    async misses(tenant, subject) {
      const key = `misses:${pseudonym({ tenant, subject })}`;
      const [row] = await driver.query<{ points: number }>('SELECT points FROM limits WHERE key = $1', [key]);
      return row?.points ?? 0;
    },
  };
}

/**
 * Tries of subjects, in the order in which they came. The same statements whatever the answers, so that their time does not tell them.
 *
 * @returns of each, whether its face may be looked at
 */
async function attempts(connection: Connection, subjects: readonly string[]): Promise<readonly boolean[]> {
  const asked = tally(subjects, () => 1);
  const counted = await add(connection, 'misses', asked, null);
  const misses = new Map([...asked].map(([subject, tries]) => [subject, counted.get(subject)! - tries]));
  const tries = subjects.map((subject) => {
    const miss = misses.get(subject)! + 1;
    misses.set(subject, miss);
    return { subject, isFree: miss <= FREE_MISSES, isTooMany: miss > MOST_MISSES };
  });

  // Of the tries of one subject that have to wait, the first may be the one whose time has come.
  const waiting = new Set(tries.flatMap(({ subject, isFree }) => (isFree ? [] : [subject])));
  const clocks = new Map([...asked.keys()].map((subject) => [waiting.has(subject) ? subject : subject + FREE, 1]));
  const paced = await add(connection, 'pace', clocks, 1000 * WAIT);
  const allowed = tries.map(({ subject, isFree, isTooMany }) => {
    if (isTooMany) return false;
    return isFree || (waiting.delete(subject) && paced.get(subject) === 1);
  });

  // What is not looked at is no miss.
  const refunds = tally(subjects, (i) => (allowed[i] ? 0 : -1));
  await add(connection, 'misses', refunds, null);
  return allowed;
}

async function forget(connection: Connection, subjects: readonly string[]): Promise<void> {
  if (subjects.length === 0) return;
  const keys = [...new Set(subjects)].flatMap((subject) =>
    [`misses:${subject}`, `pace:${subject}`, `pace:${subject}${FREE}`].map((key) => [key]),
  );
  const { sql, parameters } = valuesOf(['text'], keys);
  // Locked in one order, so that two processes never wait for each other.
  await connection.query(
    `DELETE FROM limits USING (SELECT key FROM limits WHERE key IN (${sql}) ORDER BY key FOR UPDATE) AS gone
     WHERE limits.key = gone.key`,
    parameters,
  );
}

/** Sum of what each subject counts, in the order of subjects. */
function tally(subjects: readonly string[], count: (i: number) => number): ReadonlyMap<string, number> {
  const sums = new Map(subjects.toSorted().map((subject) => [subject, 0]));
  subjects.forEach((subject, i) => sums.set(subject, sums.get(subject)! + count(i)));
  return sums;
}

/**
 * Adds to counters, each on its own.
 *
 * @param lasts from its first count on, in ms, after which a counter begins anew; null for ever
 * @returns what they have come to
 */
async function add(
  connection: Connection,
  kind: string,
  amounts: ReadonlyMap<string, number>,
  lasts: number | null,
): Promise<ReadonlyMap<string, number>> {
  const now = Date.now();
  const expire = lasts === null ? null : now + lasts;
  const rows = [...amounts].map(([key, amount]) => [`${kind}:${key}`, amount, expire]);
  const { sql, parameters } = valuesOf(['text', 'int', 'bigint'], rows);
  // One that ends later than any could that begins now is of a clock that was set back. Clocks of several servers may differ by as much again.
  const isOver = `(limits.expire <= $${parameters.length + 1} OR limits.expire > $${parameters.length + 2})`;
  const counted = await connection.query<{ key: string; points: number }>(
    `INSERT INTO limits (key, points, expire) ${sql}
     ON CONFLICT (key) DO UPDATE SET
       points = CASE WHEN ${isOver} THEN excluded.points ELSE limits.points + excluded.points END,
       expire = CASE WHEN ${isOver} THEN excluded.expire ELSE limits.expire END
     RETURNING key, points`,
    [...parameters, now, now + 2 * (lasts ?? 0)],
  );
  return new Map(counted.map(({ key, points }) => [key.slice(kind.length + 1), points]));
}
