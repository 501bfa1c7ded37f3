import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MESSAGE_TYPE, ROUTES } from '../wire/api.js';
import { verifyAudit, type AuditEntry } from '../wire/audit.js';
import { toHex } from '../wire/hex.js';
import { allEntries } from './audit/audit.js';
import { openStore } from './store.js';
import {
  enrol,
  MASTER,
  messageOf,
  newChallenge,
  newDatabase,
  openAt,
  post,
  SERVED,
  show,
  TEST_SERVER,
  testCloud,
  type Fetch,
} from './testing.js';

/** How often the server is killed: `KILLS=200 npm run test:crash` for long, with TEST_DATABASE_URL on a
 * PostgreSQL too. */
const KILLS = Number(process.env['KILLS'] ?? 2);
const CHILD = fileURLToPath(new URL('./testing.child.ts', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-crash-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A cloud on a folder or a database in a process of its own. */
async function startChild(place: string): Promise<{ child: ChildProcess; fetch: Fetch }> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, place], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, fetch: (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init) };
}

/** When the next kill comes after the acknowledgements that are waited for, in ms. */
const moment = () => Math.random() * 40;

/** How to come to an empty database of each kind. */
const places: Readonly<Record<string, () => Promise<string>>> = {
  PGlite: () => Promise.resolve(join(folder, 'killed')),
  ...(TEST_SERVER !== null && { PostgreSQL: () => newDatabase(TEST_SERVER!) }),
};

test.each(Object.keys(places))(
  `with %s a server killed ${KILLS} times loses nothing that it acknowledged and does nothing by half`,
  async (kind) => {
    const place = await places[kind]!();
    const acknowledged = new Map<string, { person: number; receipt: string }>();
    /** Verdicts that were answered: their entries must be in the log. */
    let verdicts = 0;
    let asked = 0;
    let person = 0;

    for (let kill = 0; kill < KILLS; kill++) {
      const { child, fetch } = await startChild(place);
      const exited = once(child, 'exit');
      // Several at once, so that some are in the middle of it when the end comes, at another moment each time.
      const enrolling = Array.from({ length: 3 }, async () => {
        for (;;) {
          const mine = person++;
          const subject = `subject ${mine}`;
          const { receipt } = await enrol(fetch, subject, mine);
          acknowledged.set(subject, { person: mine, receipt });
        }
      });
      const known = [...acknowledged];
      const verifying = Array.from({ length: 3 }, async (_, i) => {
        // What the last server acknowledged, this one knows, whole.
        for (let at = i; ; at += 3) {
          const [subject, { person: shown }] = known[at % known.length] ?? ['nobody', { person: -1 }];
          asked++;
          const verdict = await show(fetch, ROUTES.verification(subject), shown);
          expect(verdict).toEqual({ verdict: known.length > 0 ? 'match' : 'no_match' });
          verdicts++;
        }
      });
      const outcomes = Promise.allSettled([...enrolling, ...verifying]);
      const unanswered = await newChallenge(fetch);
      const [enrolled, verified] = [acknowledged.size, verdicts];
      while (acknowledged.size < enrolled + 2 || verdicts < verified + 2) await sleep(1);
      await sleep(moment());
      child.kill('SIGKILL');
      expect(await exited).toEqual([null, 'SIGKILL']);
      for (const outcome of await outcomes)
        expect(outcome).toEqual({ status: 'rejected', reason: expect.any(TypeError) as TypeError });
      if (kill === KILLS - 1) await inspect(unanswered);
    }

    async function inspect(unanswered: Uint8Array): Promise<void> {
      const driver = await openAt(place);
      const store = await openStore(driver, MASTER);
      const { fetch } = await testCloud({ store, now: Date.now });
      const entries: AuditEntry[] = [];
      for await (const entry of allEntries(store.audit, SERVED.tenant)) entries.push(entry);
      expect((await verifyAudit(toHex(SERVED.tenant), entries)).entries).toBe(entries.length);
      const count = (wanted: string) => entries.filter(({ action }) => action === wanted).length;

      const rows = await driver.query<{ subject: string }>('SELECT subject FROM templates');
      const there = new Set(rows.map(({ subject }) => subject));
      expect([...acknowledged.keys()].filter((subject) => !there.has(subject))).toEqual([]);
      // Template and entry came together; some were under way and are there, whole, without their owner knowing.
      expect(count('enrol')).toBe(there.size);
      expect(there.size - acknowledged.size).toBeLessThanOrEqual(3 * KILLS);
      expect(count('verify')).toBeGreaterThanOrEqual(verdicts);
      expect(count('verify')).toBeLessThanOrEqual(asked);
      for (const subject of there) {
        const shown = Number(subject.split(' ')[1]);
        expect(await show(fetch, ROUTES.verification(subject), shown)).toEqual({ verdict: 'match' });
      }
      // A challenge given before the end can still be answered, once.
      const message = messageOf(0, unanswered);
      expect((await post(fetch, ROUTES.verification('subject 0'), message)).status).toBe(200);
      expect((await post(fetch, ROUTES.verification('subject 0'), message)).status).toBe(409);
      for (const [subject, { receipt }] of acknowledged) {
        const headers = { 'Content-Type': 'application/json' };
        const body = JSON.stringify({ receipt });
        const response = await fetch(ROUTES.removal(subject), { method: 'POST', headers, body });
        expect(await response.json()).toEqual({ removed: true });
      }
      process.stderr.write(
        `${kind}: ${KILLS} kills, ${acknowledged.size} enrolments and ${verdicts} verdicts acknowledged\n`,
      );
      await store.close();
    }
  },
  60_000 + 60_000 * KILLS,
);

test('over HTTP too, a body that is too long is refused and the connection serves on', async () => {
  const { child, fetch } = await startChild(join(folder, 'flooded'));
  try {
    const headers = { 'Content-Type': MESSAGE_TYPE };
    const endless = new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536)) });
    for (const body of [new Uint8Array(20_000_000), endless]) {
      const refused = await fetch(ROUTES.identification, { method: 'POST', headers, body, duplex: 'half' }).then(
        async (response) => ((await response.json()) as { error: { code: string } }).error.code,
        // The server may close the connection before the sender, who still sends, has read the answer.
        () => 'connection closed',
      );
      expect(['message_too_long', 'connection closed']).toContain(refused);
    }
    expect((await fetch('/v1/health')).status).toBe(200);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}, 60_000);
