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
/** In ms. */
const PATIENCE = 5_000;

/** What a tenant's webhook is signed with: 64 hexadecimal digits, as text. */
export async function webhookSecret(store: Store, tenant: Uint8Array): Promise<string> {
  return toHex(await store.keyring.secret(`webhook ${toHex(tenant)}`, () => randomBytes(32)));
}

/** What a tenant's webhook is signed with, and the number of the last entry that it took. */
export async function webhookState(store: Store, tenant: Uint8Array) {
  const [row] = await store.driver.query<{ delivered: number }>(
    'SELECT webhook_seq::int AS delivered FROM tenants WHERE id = $1',
    [tenant],
  );
  return { secret: await webhookSecret(store, tenant), delivered: row?.delivered ?? 0 };
}

export function signature(secret: string, seconds: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}

/** Tells every webhook what is new. One that does not answer 2xx is told again the next time. @returns entries that were delivered */
export async function deliverWebhooks(store: Store, now: () => number): Promise<number> {
  let delivered = 0;
  const rows = await store.driver.query<{ id: Uint8Array; webhook: string; seq: number }>(
    'SELECT id, webhook, webhook_seq::int AS seq FROM tenants WHERE webhook IS NOT NULL',
  );
  for (const { id, webhook, seq } of rows) {
    const tenant = Uint8Array.from(id);
    const entries = await store.audit.read(tenant, seq, MOST_AT_ONCE);
    const last = entries.at(-1);
    if (last === undefined) continue;
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
    if (!taken) continue;
    await store.driver.query('UPDATE tenants SET webhook_seq = $2 WHERE id = $1', [tenant, last.seq]);
    delivered += entries.length;
  }
  return delivered;
}
