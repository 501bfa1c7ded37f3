import { similarity, type Embedding } from '../core/match.js';
import type { RandomBytes } from '../core/random.js';
import type { Act, AuditAction, AuditEvent } from './audit/audit.js';
import { batched } from './batch.js';
import type { Recogniser } from './recogniser.js';
import { decoy, type Found, type Store } from './store.js';

/** What comes of comparing a face with a subject's. */
export interface Comparison extends Found {
  /** Where the subject was looked for. */
  readonly gallery: Uint8Array;
  /** Cosine. */
  readonly score: number;
  readonly match: boolean;
}

/** A face that was seen, whose it is said to be, and who asks by which action. */
export interface Claim extends Act {
  readonly seen: Embedding;
  readonly subject: string;
  readonly action: AuditAction;
}

/** Compares faces with subjects'. Rejects where one cannot be. */
export type Compare = (recogniser: Gate, claim: Claim) => Promise<Comparison>;

/** Where a subject is looked for, and from which cosine on a face is his. */
type Gate = Pick<Recogniser, 'served' | 'threshold'>;
type Asked = Gate & Claim;

/**
 * Compares a face with a subject's, and keeps the answer before it is given. A subject that is unknown or locked takes the same work and
 * never matches; to one that is unknown, a random template belongs. What is asked for while others are compared shares a transaction.
 */
export function openComparisons(store: Store, random: RandomBytes): Compare {
  const ask = batched((claims: readonly Asked[]) => compareAll(store, claims, random));
  return async (recogniser, claim) => {
    const outcome = await ask({ ...claim, ...recogniser });
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  };
}

/** A template that does not open is its own claim's failure; what the database refuses is everybody's. */
async function compareAll(
  { driver, limiter, audit, keyring, ...store }: Store,
  claims: readonly Asked[],
  random: RandomBytes,
): Promise<readonly PromiseSettledResult<Comparison>[]> {
  const named = claims.map(({ served: { tenant }, subject }) => ({ tenant, subject }));
  const found = await Promise.allSettled(
    claims.map(({ served, subject }) => store.findTemplate(served, subject, decoy(random))),
  );
  return driver.transaction(async (connection) => {
    // Counted as misses before anything is known of the faces.
    const allowed = await limiter.attempts(connection, named);
    const outcomes = found.map((each, i): PromiseSettledResult<Comparison> => {
      if (each.status === 'rejected') return each;
      const { served, threshold, seen } = claims[i]!;
      const score = similarity(seen, each.value.embedding);
      const match = score >= threshold && each.value.known && allowed[i]!;
      return { status: 'fulfilled', value: { ...each.value, gallery: served.tenant, score, match } };
    });
    const matches = outcomes.map((outcome) => outcome.status === 'fulfilled' && outcome.value.match);
    const events = claims.map(({ actor, at, action }, i): AuditEvent => {
      const { tenant, subject } = named[i]!;
      const object = keyring.pseudonym(tenant, subject);
      return { tenant, actor, at, action, object, outcome: matches[i] ? 'match' : 'no_match' };
    });
    await audit.within(connection, ...events.filter((_, i) => found[i]!.status === 'fulfilled'));
    await limiter.forgive(
      connection,
      named.filter((_, i) => matches[i]),
    );
    return outcomes;
  });
}
