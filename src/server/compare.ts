import { similarity, type Embedding } from '../core/match.js';
import type { RandomBytes } from '../core/random.js';
import type { Act, AuditAction } from './audit/audit.js';
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

/**
 * Compares a face with a subject's, and keeps the answer before it is given. A subject that is unknown or locked takes the same work and
 * never matches; to one that is unknown, a random template belongs.
 */
export async function compare(
  store: Store,
  { served, threshold }: Recogniser,
  { seen, subject, action, actor, at }: Claim,
  random: RandomBytes,
): Promise<Comparison> {
  const { limiter, audit, keyring } = store;
  const { tenant } = served;
  const allowed = await limiter.attempt(tenant, subject);
  const found = await store.findTemplate(served, subject, decoy(random));
  const score = similarity(seen, found.embedding);
  const match = score >= threshold && found.known && allowed;
  const object = keyring.pseudonym(tenant, subject);
  await audit.append({ tenant, actor, at, action, object, outcome: match ? 'match' : 'no_match' });
  if (match) await limiter.succeed(tenant, subject);
  return { ...found, gallery: tenant, score, match };
}
