import { describe, expect, it } from 'vitest';
import { auditHash, NO_ENTRY, type AuditEntry } from '../wire/audit.js';
import { connectAdmin } from './admin.js';

const KEY = `xnn_${'01'.repeat(8)}_${'ab'.repeat(32)}`;
const TENANT = '0a'.repeat(16);

/** A log of `count` entries, as a server keeps it. */
function logOf(count: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let seq = 1; seq <= count; seq++) {
    const previous = entries.at(-1)?.hash ?? NO_ENTRY;
    const at = '2024-01-01T00:00:00.000Z';
    const entry = { seq, at, actor: 'public', action: 'verify', object: null, outcome: 'match', previous };
    entries.push({ ...entry, hash: auditHash(TENANT, entry) });
  }
  return entries;
}

/** A server that answers a page of three entries at a time, and what it was asked. */
function serverOf(entries: readonly AuditEntry[]) {
  const requests: { url: string; init: RequestInit }[] = [];
  const fetch = (url: string, init: RequestInit = {}) => {
    requests.push({ url, init });
    const after = Number(/after=(\d+)/.exec(url)?.[1] ?? 0);
    const replies: Record<string, object> = {
      '/v1/key': { id: '01'.repeat(8), scopes: ['tenant', 'audit'] },
      '/v1/tenant': { id: TENANT, name: 'acme' },
      '/v1/audit': { entries: entries.slice(after, after + 3) },
    };
    return Promise.resolve(Response.json(replies[url.split('?')[0]!]));
  };
  return { fetch, requests };
}

describe('the key', () => {
  it('travels in a header alone', async () => {
    const { fetch, requests } = serverOf(logOf(4));
    const admin = await connectAdmin(KEY, fetch);
    await admin.verifyAudit();
    await admin.settings();
    expect(requests.length).toBeGreaterThan(4);
    for (const { url, init } of requests) {
      expect(url).not.toContain('xnn_');
      expect(new Headers(init.headers).get('authorization')).toBe(`Bearer ${KEY}`);
      expect(init.body).toBeUndefined();
    }
  });

  it.each(['', 'x', `${KEY} `, `${KEY}0`, `xnn_${'é'.repeat(16)}_${'ab'.repeat(32)}`])(
    '%j is none, and nothing is asked',
    async (key) => {
      const { fetch, requests } = serverOf([]);
      await expect(connectAdmin(key, fetch)).rejects.toMatchObject({ code: 'credentials_invalid' });
      expect(requests).toEqual([]);
    },
  );

  it.each([
    [403, { error: { code: 'forbidden' } }, 'forbidden'],
    [200, '<!doctype html>', 'reply_invalid'],
    [200, { other: 1 }, 'reply_invalid'],
  ])('a reply of %i %j is %s', async (status, body, code) => {
    const fetch = () =>
      Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }));
    await expect(connectAdmin(KEY, fetch)).rejects.toMatchObject({ code });
  });
});

describe('the audit log', () => {
  it('is followed over all its pages', async () => {
    const entries = logOf(8);
    const admin = await connectAdmin(KEY, serverOf(entries).fetch);
    expect(await admin.verifyAudit()).toEqual({ entries: 8, head: entries[7]!.hash });
  });

  it.each<readonly [string, (list: AuditEntry[]) => AuditEntry[]]>([
    ['a changed entry', (list) => list.with(4, { ...list[4]!, outcome: 'no_match' })],
    ['a missing one', (list) => list.toSpliced(4, 1)],
  ])('%s is found out, whatever the server says', async (_, change) => {
    const admin = await connectAdmin(KEY, serverOf(change(logOf(8))).fetch);
    await expect(admin.verifyAudit()).rejects.toMatchObject({ code: 'audit_broken' });
  });
});
