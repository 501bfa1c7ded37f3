import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MESSAGE_TYPE, ROUTES } from '../wire/api.js';
import { openEmbedded } from './drivers.js';
import { openStore } from './store.js';
import { enrol, MASTER, messageOf, newChallenge, post, show, testCloud, type Fetch } from './testing.js';

const CHILD = fileURLToPath(new URL('./testing.child.ts', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-crash-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A cloud on `folder` in a process of its own. */
async function startChild(): Promise<{ child: ChildProcess; fetch: Fetch }> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, fetch: (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init) };
}

test('a server killed while it enrols leaves each subject wholly there or not at all', async () => {
  const acknowledged = new Map<string, { person: number; receipt: string }>();
  let person = 0;

  for (let round = 0; round < 3; round++) {
    const { child, fetch } = await startChild();
    const exited = once(child, 'exit');
    // Several at once, so that some are in the middle of it when the end comes, at another moment in each round.
    const enrolling = Array.from({ length: 4 }, async () => {
      for (;;) {
        const mine = person++;
        const subject = `subject ${mine}`;
        const { receipt } = await enrol(fetch, subject, mine);
        acknowledged.set(subject, { person: mine, receipt });
      }
    });
    const outcomes = Promise.allSettled(enrolling);
    const unanswered = await newChallenge(fetch);
    const before = acknowledged.size;
    while (acknowledged.size < before + 6) await new Promise((resolve) => setTimeout(resolve, 3 + 2 * round));
    child.kill('SIGKILL');
    expect(await exited).toEqual([null, 'SIGKILL']);
    for (const outcome of await outcomes) expect(outcome.status).toBe('rejected');

    const driver = await openEmbedded(folder);
    const { fetch: reopened, store } = await testCloud({ store: await openStore(driver, MASTER), now: Date.now });
    const rows = await driver.query<{ subject: string }>('SELECT subject FROM templates');
    const there = new Set(rows.map(({ subject }) => subject));
    expect(there.size).toBe(rows.length);
    expect(Array.from(acknowledged.keys()).filter((subject) => !there.has(subject))).toEqual([]);
    // At most the four that were under way are there without their owner knowing, and those too are whole.
    expect(there.size - acknowledged.size).toBeLessThanOrEqual(4 * (round + 1));
    for (const subject of there) {
      const shown = Number(subject.split(' ')[1]);
      expect(await show(reopened, ROUTES.verification(subject), shown)).toEqual({ verdict: 'match' });
    }
    // A challenge given before the end can still be answered, once.
    const message = messageOf(0, unanswered);
    expect((await post(reopened, ROUTES.verification('subject 0'), message)).status).toBe(200);
    expect((await post(reopened, ROUTES.verification('subject 0'), message)).status).toBe(409);
    await store.close();
  }

  const { fetch, store } = await testCloud({
    store: await openStore(await openEmbedded(folder), MASTER),
    now: Date.now,
  });
  for (const [subject, { receipt }] of acknowledged) {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(ROUTES.removal(subject), {
      method: 'POST',
      headers,
      body: JSON.stringify({ receipt }),
    });
    expect(await response.json()).toEqual({ removed: true });
  }
  await store.close();
}, 180_000);

test('over HTTP too, a body that is too long is refused and the connection serves on', async () => {
  const { child, fetch } = await startChild();
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
