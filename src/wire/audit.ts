import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { XnnError } from '../core/errors.js';

/** One line of a tenant's log, as it is kept and exported. */
export interface AuditEntry {
  /** From 1, without gaps. */
  readonly seq: number;
  /** ISO 8601, UTC, in ms. */
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly object: string | null;
  readonly outcome: string;
  /** Hash of the entry before, 64 hexadecimal digits; 0 for the first. */
  readonly previous: string;
  /** SHA-256 of all of the above and the tenant. */
  readonly hash: string;
}

/** What stands for the entry before the first. */
export const NO_ENTRY = '0'.repeat(64);

/** What binds an entry to all before it: SHA-256 of the JSON array of the tenant, 32 hexadecimal digits, and the entry's fields in their order. */
export function auditHash(tenant: string, entry: Omit<AuditEntry, 'hash'>): string {
  const { seq, at, actor, action, object, outcome, previous } = entry;
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify([tenant, seq, at, actor, action, object, outcome, previous]))));
}

/**
 * Follows the chain of a tenant's whole log. Entries cut off its end leave a chain that holds: compare the head with one noted elsewhere.
 *
 * @param tenant 32 hexadecimal digits
 * @returns how many entries, and the hash of the last
 * @throws audit_broken at the first entry that was changed, left out, put in or moved
 */
export async function verifyAudit(
  tenant: string,
  entries: AsyncIterable<AuditEntry> | Iterable<AuditEntry>,
): Promise<{ readonly entries: number; readonly head: string }> {
  let [seq, previous] = [0, NO_ENTRY];
  for await (const { hash, ...entry } of entries) {
    seq++;
    if (entry.seq !== seq || entry.previous !== previous || auditHash(tenant, entry) !== hash) {
      throw new XnnError('audit_broken', `entry ${seq}`);
    }
    previous = hash;
  }
  return { entries: seq, head: previous };
}
