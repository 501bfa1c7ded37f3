import { createHmac, randomBytes } from 'node:crypto';
import { toHex } from '../../wire/hex.js';
import type { Store } from '../store.js';

// A tenant's webhook is told what its audit log says, in order and at least once:
//
//   POST, application/json: { "tenant": "…", "entries": [ … ] }
//   XNN-Signature: t=SECONDS,v1=HEX     HMAC-SHA256 of "SECONDS.BODY" with the tenant's secret
//
// The receiver recomputes it over the bytes as they came, refuses what is older than five minutes, and takes an entry's `seq` once.

const MOST_AT_ONCE = 100;
/** Of one webhook in a row, after which the others have their turn. */
const MOST_DELIVERIES = 20;
/** For an answer, in ms; after so long in a row, too, the others have their turn. */
const PATIENCE = 5_000;

/** What a tenant's webhook is signed with: 64 hexadecimal digits, as text. */
export async function webhookSecret(store: Store, tenant: Uint8Array): Promise<string> {
  return toHex(await store.keyring.secret(`webhook ${toHex(tenant)}`, () => randomBytes(32)));
}

/** What a tenant's webhook is signed with, and the number of the last entry that it took. */
export async function webhookState(store: Store, tenant: Uint8Array) {
  const [row] = await store.driver.query<{ delivered: number }>(
    'SELECT webhook_seq::float8 AS delivered FROM tenants WHERE id = $1',
    [tenant],
  );
  return { secret: await webhookSecret(store, tenant), delivered: row?.delivered ?? 0 };
}

export function signature(secret: string, seconds: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}

/**
 * Tells every webhook what is new, all beside one another. One that does not answer 2xx is told again the next time.
 *
 * @returns entries that were delivered
 * @throws an AggregateError of what went wrong here, once all the others have been told
 */
export async function deliverWebhooks(store: Store, now: () => number): Promise<number> {
  const rows = await store.driver.query<{ id: Uint8Array; webhook: string; seq: number }>(
    'SELECT id, webhook, webhook_seq::float8 AS seq FROM tenants WHERE webhook IS NOT NULL',
  );
  const told = await Promise.allSettled(
    rows.map(({ id, webhook, seq }) => deliver(store, Uint8Array.from(id), webhook, seq, now)),
  );
  const failures = told.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} webhooks`);
  return told.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0);
}

/** Tells one webhook what is new after the entry `seq`, a part at a time, until there is no more or it takes no more. */
async function deliver(
  store: Store,
  tenant: Uint8Array,
  webhook: string,
  seq: number,
  now: () => number,
): Promise<number> {
  let delivered = 0;
  let after = seq;
  const begun = now();
  for (let i = 0; i < MOST_DELIVERIES && now() - begun < PATIENCE; i++) {
    const entries = await store.audit.read(tenant, after, MOST_AT_ONCE);
    const last = entries.at(-1);
    if (last === undefined) return delivered;
    const body = JSON.stringify({ tenant: toHex(tenant), entries });
    const signed = signature(await webhookSecret(store, tenant), Math.floor(now() / 1000), body);
    const taken = await fetch(webhook, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'XNN-Signature': signed },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE),
    }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (!taken) return delivered;
    delivered += entries.length;
    // Unless another address was set meanwhile, which is told what comes after, or another server went on from there.
    const noted = await store.driver.query(
      'UPDATE tenants SET webhook_seq = $2 WHERE id = $1 AND webhook = $3 AND webhook_seq = $4 RETURNING id',
      [tenant, last.seq, webhook, after],
    );
    if (noted.length === 0) return delivered;
    after = last.seq;
  }
  return delivered;
}
