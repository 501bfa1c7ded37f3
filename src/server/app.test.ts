import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { httpStatus, sentence, type ErrorCode } from '../core/errors.js';
import { CHALLENGE_LIFETIME } from '../core/spec.js';
import type { Student } from '../protocol/recognise.js';
import { ADMIN_ROUTES } from '../wire/admin.js';
import { MESSAGE_TYPE, ROUTES } from '../wire/api.js';
import { toHex } from '../wire/hex.js';
import { MESSAGE_BYTES, MOST_MESSAGE_BYTES } from '../wire/message.js';
import type { Driver } from './drivers.js';
import { openStore, type Store } from './store.js';
import {
  embeddingOf,
  enrol,
  KEYED,
  keyedMessageOf,
  MASTER,
  meanStudent,
  messageOf,
  newChallenge,
  openInMemory,
  post,
  seeded,
  SERVED,
  show,
  testCloud,
  THRESHOLD,
  type Fetch,
} from './testing.js';

const ADA = 1;
const BEN = 2;
const JSON_TYPE = 'application/json';

let driver: Driver;
let store: Store;
let cloud: Awaited<ReturnType<typeof testCloud>>;
let fetch: Fetch;

beforeAll(async () => {
  driver = await openInMemory();
  store = await openStore(driver, MASTER);
});
afterAll(() => store.close());
beforeEach(async () => {
  await driver.query('DELETE FROM templates');
  await driver.query('DELETE FROM challenges');
  await driver.query('DELETE FROM limits');
  cloud = await testCloud({ store });
  fetch = cloud.fetch;
});

async function expectRefusal(response: Response, code: ErrorCode): Promise<void> {
  expect(await response.json()).toEqual({ error: { code, message: sentence(code) } });
  expect(response.status).toBe(httpStatus(code));
  expect(response.headers.get('cache-control')).toBe('no-store');
}

function json(path: string, body: unknown): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(path, { method: 'POST', headers: { 'Content-Type': JSON_TYPE }, body: text });
}

const rows = async (table: 'templates' | 'challenges') => (await driver.query(`SELECT * FROM ${table}`)).length;

describe('service and challenges', () => {
  test('service tells models and tenant, health that the server is up, readiness that its database is too', async () => {
    expect(await (await fetch(ROUTES.service)).json()).toEqual({
      keyedModel: toHex(KEYED.model),
      model: '07'.repeat(8),
      tenant: '09'.repeat(16),
    });
    expect(await (await fetch('/v1/health')).json()).toEqual({ status: 'ok' });
    expect(await (await fetch('/v1/ready')).json()).toEqual({ status: 'ready' });
  });

  test('every challenge is new and lives three minutes', async () => {
    const replies = await Promise.all([1, 2, 3].map(() => fetch(ROUTES.challenges, { method: 'POST' })));
    const bodies = (await Promise.all(replies.map((reply) => reply.json()))) as {
      challenge: string;
      expiresIn: number;
    }[];
    expect(new Set(bodies.map(({ challenge }) => challenge)).size).toBe(3);
    for (const body of bodies)
      expect(body).toEqual({ challenge: expect.stringMatching(/^[0-9a-f]{32}$/) as string, expiresIn: 180_000 });
  });

  test('expired challenges are swept when a new one is given', async () => {
    await newChallenge(fetch);
    await newChallenge(fetch);
    cloud.clock.now += CHALLENGE_LIFETIME;
    await newChallenge(fetch);
    expect(await rows('challenges')).toBe(1);
  });
});

describe('enrolment, verification and identification', () => {
  test('the right person matches, another does not, and replies hold nothing but the verdict', async () => {
    const reply = await enrol(fetch, 'Ada', ADA);
    expect(reply).toEqual({ subject: 'Ada', receipt: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    await enrol(fetch, 'Ben', BEN);
    expect(await show(fetch, ROUTES.verification('Ada'), ADA)).toEqual({ verdict: 'match' });
    expect(await show(fetch, ROUTES.verification('Ada'), BEN)).toEqual({ verdict: 'no_match' });
    expect(await show(fetch, ROUTES.identification, BEN)).toEqual({ verdict: 'match', subject: 'Ben' });
    expect(await show(fetch, ROUTES.identification, 3)).toEqual({ verdict: 'no_match' });
  });

  test('nobody is identified in an empty gallery', async () => {
    expect(await show(fetch, ROUTES.identification, ADA)).toEqual({ verdict: 'no_match' });
  });

  test('one to five captures make a template, six do not', async () => {
    for (const count of [1, 5]) {
      const challenge = await newChallenge(fetch);
      const messages = Array.from({ length: count }, (_, i) => messageOf(ADA, challenge, SERVED, i));
      expect((await post(fetch, ROUTES.enrolment(`Ada ${count}`), ...messages)).status).toBe(200);
    }
    const challenge = await newChallenge(fetch);
    const six = Array.from({ length: 6 }, (_, i) => messageOf(ADA, challenge, SERVED, i));
    await expectRefusal(await post(fetch, ROUTES.enrolment('Ada 6'), ...six), 'message_too_long');
  });

  test('what the student takes for nothing is no face, whoever it is compared with', async () => {
    const cloud = await testCloud({ store, nobody: embeddingOf(3) });
    await enrol(cloud.fetch, 'Ada', ADA);
    for (const path of [ROUTES.verification('Ada'), ROUTES.identification, ROUTES.enrolment('Nobody')]) {
      const challenge = await newChallenge(cloud.fetch);
      await expectRefusal(await post(cloud.fetch, path, messageOf(3, challenge)), 'no_face');
    }
    expect(await show(cloud.fetch, ROUTES.verification('Ada'), ADA)).toEqual({ verdict: 'match' });
    expect(await show(cloud.fetch, ROUTES.verification('Nobody'), ADA)).toEqual({ verdict: 'no_match' });
  });

  test('captures of two people are refused and store nothing', async () => {
    const challenge = await newChallenge(fetch);
    const response = await post(fetch, ROUTES.enrolment('Ada'), messageOf(ADA, challenge), messageOf(BEN, challenge));
    await expectRefusal(response, 'captures_differ');
    expect(await rows('templates')).toBe(0);
  });

  test('captures of two challenges are refused, and use up neither', async () => {
    const [one, two] = [await newChallenge(fetch), await newChallenge(fetch)];
    const response = await post(fetch, ROUTES.enrolment('Ada'), messageOf(ADA, one), messageOf(ADA, two));
    await expectRefusal(response, 'challenge_invalid');
    expect(await rows('challenges')).toBe(2);
  });

  test('a name is enrolled once, however many try at once', async () => {
    const challenges = await Promise.all(Array.from({ length: 8 }, () => newChallenge(fetch)));
    const responses = await Promise.all(
      challenges.map((challenge, i) => post(fetch, ROUTES.enrolment('Ada'), messageOf(i, challenge))),
    );
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    await expectRefusal(responses[statuses.findIndex((status) => status !== 200)]!, 'subject_exists');
    const winner = statuses.indexOf(200);
    expect(await show(fetch, ROUTES.verification('Ada'), winner)).toEqual({ verdict: 'match' });
  });

  test('composed and decomposed letters are one name', async () => {
    await enrol(fetch, 'Ren\u00e9', ADA);
    expect(await show(fetch, ROUTES.verification('Rene\u0301'), ADA)).toEqual({ verdict: 'match' });
  });

  test('only the hash of a receipt is stored', async () => {
    const { receipt } = await enrol(fetch, 'Ada', ADA);
    const stored = JSON.stringify(await driver.query("SELECT *, encode(receipt_hash, 'hex') AS hash FROM templates"));
    expect(stored).toMatch(/"hash":"[0-9a-f]{64}"/);
    expect(stored).not.toContain(receipt);
  });
});

describe('an unknown subject is answered like a face that does not match', () => {
  test('with the same status, headers and body', async () => {
    await enrol(fetch, 'Ada', ADA);
    const answers = await Promise.all(
      ['Ada', 'Nobody'].map(async (subject) => {
        const response = await post(fetch, ROUTES.verification(subject), messageOf(BEN, await newChallenge(fetch)));
        return [response.status, Object.fromEntries(response.headers), await response.text()];
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.[2]).toBe('{"verdict":"no_match"}');
  });

  test('even when every face would match', async () => {
    const { fetch: lenient } = await testCloud({ store, threshold: -1 });
    await enrol(lenient, 'Ada', ADA);
    expect(await show(lenient, ROUTES.verification('Ada'), BEN)).toEqual({ verdict: 'match' });
    expect(await show(lenient, ROUTES.verification('Nobody'), BEN)).toEqual({ verdict: 'no_match' });
  });

  test('after the same inferences and the same queries', async () => {
    const seen: string[] = [];
    const watched: Driver = { ...driver, query: (sql, values) => (seen.push(sql), driver.query(sql, values)) };
    const student: Student = (batch) => (seen.push(`student of ${batch.length}`), meanStudent(batch));
    const { fetch: watching } = await testCloud({ store: await openStore(watched, MASTER), student });
    await enrol(watching, 'Ada', ADA);
    const work = async (path: string) => {
      seen.length = 0;
      await show(watching, path, BEN);
      return seen.slice();
    };
    expect(await work(ROUTES.verification('Nobody'))).toEqual(await work(ROUTES.verification('Ada')));
    expect(seen).toContain('student of 1');
    expect(await work(ROUTES.removal('Nobody'))).toEqual(await work(ROUTES.removal('Ada')));
  });
});

describe('challenges', () => {
  test('of 50 requests at once with one challenge, exactly one passes', async () => {
    await enrol(fetch, 'Ada', ADA);
    const message = messageOf(ADA, await newChallenge(fetch));
    const paths = [ROUTES.verification('Ada'), ROUTES.identification];
    const responses = await Promise.all(Array.from({ length: 50 }, (_, i) => post(fetch, paths[i % 2]!, message)));
    const passed = responses.filter(({ status }) => status === 200);
    expect(passed).toHaveLength(1);
    for (const response of responses)
      if (!passed.includes(response)) await expectRefusal(response, 'challenge_invalid');
  });

  test('a replayed message is refused', async () => {
    const message = messageOf(ADA, await newChallenge(fetch));
    expect((await post(fetch, ROUTES.verification('Ada'), message)).status).toBe(200);
    await expectRefusal(await post(fetch, ROUTES.verification('Ada'), message), 'challenge_invalid');
  });

  test('one that was never given is refused', async () => {
    const message = messageOf(ADA, new Uint8Array(16).fill(0xcc));
    await expectRefusal(await post(fetch, ROUTES.identification, message), 'challenge_invalid');
  });

  test('one passes until three minutes have gone, and not from then on', async () => {
    const [early, late] = [await newChallenge(fetch), await newChallenge(fetch)];
    cloud.clock.now += CHALLENGE_LIFETIME - 1;
    expect((await post(fetch, ROUTES.identification, messageOf(ADA, early))).status).toBe(200);
    cloud.clock.now += 1;
    await expectRefusal(await post(fetch, ROUTES.identification, messageOf(ADA, late)), 'challenge_invalid');
  });

  test('a message that is refused for itself leaves its challenge to its owner', async () => {
    const challenge = await newChallenge(fetch);
    const path = ROUTES.verification('Ada');
    const model = { ...SERVED, model: new Uint8Array(8) };
    const tenant = { ...SERVED, tenant: new Uint8Array(16) };
    await expectRefusal(await post(fetch, path, messageOf(ADA, challenge, model)), 'model_unsupported');
    await expectRefusal(await post(fetch, path, messageOf(ADA, challenge, tenant)), 'tenant_unknown');
    await expectRefusal(await post(fetch, path, messageOf(ADA, challenge).subarray(1)), 'message_truncated');
    await expectRefusal(
      await post(fetch, '/v1/subjects/a%2Fb/verification', messageOf(ADA, challenge)),
      'subject_invalid',
    );
    expect((await post(fetch, path, messageOf(ADA, challenge))).status).toBe(200);
  });

  test('one stays used when what follows fails', async () => {
    const failing: Student = () => Promise.reject(new Error('out of memory'));
    const { fetch: broken } = await testCloud({ store, student: failing });
    const message = messageOf(ADA, await newChallenge(fetch));
    await expectRefusal(await post(broken, ROUTES.identification, message), 'internal');
    await expectRefusal(await post(fetch, ROUTES.identification, message), 'challenge_invalid');
    await enrol(fetch, 'Ada', ADA);
    const again = messageOf(ADA, await newChallenge(fetch));
    await expectRefusal(await post(fetch, ROUTES.enrolment('Ada'), again), 'subject_exists');
    await expectRefusal(await post(fetch, ROUTES.enrolment('Eve'), again), 'challenge_invalid');
  });

  test('a challenge of one tenant is no challenge of another', async () => {
    const tenant = new Uint8Array(16).fill(5);
    const { fetch: theirs } = await testCloud({ store, served: { ...SERVED, tenant }, random: seeded(77) });
    const challenge = await newChallenge(theirs);
    await expectRefusal(await post(fetch, ROUTES.identification, messageOf(ADA, challenge)), 'challenge_invalid');
    const message = messageOf(ADA, challenge, { ...SERVED, tenant });
    expect((await post(theirs, ROUTES.identification, message)).status).toBe(200);
  });
});

describe('removal', () => {
  test('by receipt deletes every row of the subject, and of no other', async () => {
    const { receipt } = await enrol(fetch, 'Ada', ADA);
    await enrol(fetch, 'Ben', BEN);
    const response = await json(ROUTES.removal('Ada'), { receipt });
    expect(await response.json()).toEqual({ removed: true });
    expect(await driver.query('SELECT subject FROM templates')).toEqual([{ subject: 'Ben' }]);
    expect(await show(fetch, ROUTES.identification, ADA)).toEqual({ verdict: 'no_match' });
    await expectRefusal(await json(ROUTES.removal('Ada'), { receipt }), 'removal_refused');
    await enrol(fetch, 'Ada', ADA);
  });

  test('by face takes the right face', async () => {
    await enrol(fetch, 'Ada', ADA);
    const wrong = messageOf(BEN, await newChallenge(fetch));
    await expectRefusal(await post(fetch, ROUTES.removal('Ada'), wrong), 'removal_refused');
    expect(await rows('templates')).toBe(1);
    expect(await show(fetch, ROUTES.removal('Ada'), ADA)).toEqual({ removed: true });
    expect(await rows('templates')).toBe(0);
  });

  test('a wrong receipt, one of another subject and an unknown subject are refused alike', async () => {
    await enrol(fetch, 'Ada', ADA);
    const { receipt } = await enrol(fetch, 'Ben', BEN);
    const refusals = await Promise.all([
      json(ROUTES.removal('Ada'), { receipt: '00'.repeat(32) }),
      json(ROUTES.removal('Ada'), { receipt }),
      json(ROUTES.removal('Nobody'), { receipt }),
      post(fetch, ROUTES.removal('Nobody'), messageOf(ADA, await newChallenge(fetch))),
    ]);
    for (const response of refusals) await expectRefusal(response, 'removal_refused');
    expect(await rows('templates')).toBe(2);
  });

  test('the face needs a challenge like any other', async () => {
    await enrol(fetch, 'Ada', ADA);
    const message = messageOf(ADA, new Uint8Array(16));
    await expectRefusal(await post(fetch, ROUTES.removal('Ada'), message), 'challenge_invalid');
    expect(await rows('templates')).toBe(1);
  });

  test.each(['{', '[]', '"x"', '{}', '{"receipt":1}', '{"receipt":"00"}', `{"receipt":"${'0G'.repeat(32)}"}`, ''])(
    'the body %j is refused',
    async (body) => {
      await expectRefusal(await json(ROUTES.removal('Ada'), body), 'request_invalid');
    },
  );
});

describe('tenants and models', () => {
  const theirs = { ...SERVED, tenant: new Uint8Array(16).fill(5) };
  const newer = { ...SERVED, model: new Uint8Array(8).fill(8) };

  test('tenants see nothing of each other', async () => {
    const { fetch: their } = await testCloud({ store, served: theirs });
    const { receipt } = await enrol(fetch, 'Ada', ADA);
    expect(await show(their, ROUTES.verification('Ada'), ADA, theirs)).toEqual({ verdict: 'no_match' });
    expect(await show(their, ROUTES.identification, ADA, theirs)).toEqual({ verdict: 'no_match' });
    const removal = { method: 'POST', headers: { 'Content-Type': JSON_TYPE }, body: JSON.stringify({ receipt }) };
    await expectRefusal(await their(ROUTES.removal('Ada'), removal), 'removal_refused');
    await enrol(their, 'Ada', BEN, theirs);
    expect(await show(fetch, ROUTES.verification('Ada'), ADA)).toEqual({ verdict: 'match' });
    expect(await show(their, ROUTES.identification, BEN, theirs)).toEqual({ verdict: 'match', subject: 'Ada' });
  });

  test('a template of another model neither matches nor is overwritten, and its receipt still removes it', async () => {
    const { receipt } = await enrol(fetch, 'Ada', ADA);
    const { fetch: upgraded } = await testCloud({ store, served: newer });
    expect(await show(upgraded, ROUTES.verification('Ada'), ADA, newer)).toEqual({ verdict: 'no_match' });
    expect(await show(upgraded, ROUTES.identification, ADA, newer)).toEqual({ verdict: 'no_match' });
    expect(await show(upgraded, ROUTES.removal('Ada'), ADA, newer)).toMatchObject({
      error: { code: 'removal_refused' },
    });
    await expect(enrol(upgraded, 'Ada', ADA, newer)).rejects.toThrow('subject_exists');
    expect(await show(fetch, ROUTES.verification('Ada'), ADA)).toEqual({ verdict: 'match' });
    const removal = { method: 'POST', headers: { 'Content-Type': JSON_TYPE }, body: JSON.stringify({ receipt }) };
    expect(await (await upgraded(ROUTES.removal('Ada'), removal)).json()).toEqual({ removed: true });
  });
});

describe('requests that are refused', () => {
  const routes = [ROUTES.enrolment('Ada'), ROUTES.verification('Ada'), ROUTES.identification, ROUTES.removal('Ada')];

  test.each(routes)('%s refuses other content types', async (path) => {
    for (const type of ['image/jpeg', 'text/plain', 'multipart/form-data; boundary=x', 'application/octet-streams']) {
      const response = await fetch(path, { method: 'POST', headers: { 'Content-Type': type }, body: 'x' });
      await expectRefusal(response, 'request_invalid');
    }
    await expectRefusal(await fetch(path, { method: 'POST' }), 'request_invalid');
  });

  test.each(routes)('%s refuses a body that says it is too long, without reading it', async (path) => {
    const body = new ReadableStream({ pull: () => Promise.reject(new Error('was read')) }, { highWaterMark: 0 });
    const headers = { 'Content-Type': MESSAGE_TYPE, 'Content-Length': String(5 * MOST_MESSAGE_BYTES + 1) };
    await expectRefusal(await fetch(path, { method: 'POST', headers, body, duplex: 'half' }), 'message_too_long');
  });

  test.each(routes)('%s stops reading a body that goes on and on, whatever length it claims', async (path) => {
    for (const claim of [undefined, '10']) {
      let sent = 0;
      const body = new ReadableStream({ pull: (stream) => (sent++, stream.enqueue(new Uint8Array(10_000))) });
      const headers = { 'Content-Type': MESSAGE_TYPE, ...(claim && { 'Content-Length': claim }) };
      await expectRefusal(await fetch(path, { method: 'POST', headers, body, duplex: 'half' }), 'message_too_long');
      expect(sent).toBeLessThan(20);
    }
  });

  test.each(routes)('%s says so when the sender stops half-way', async (path) => {
    let sent = 0;
    const body = new ReadableStream({
      pull: (stream) => (sent++ < 2 ? stream.enqueue(new Uint8Array(10)) : stream.error(new Error('gone'))),
    });
    const headers = { 'Content-Type': MESSAGE_TYPE };
    await expectRefusal(await fetch(path, { method: 'POST', headers, body, duplex: 'half' }), 'message_truncated');
  });

  test.each(routes)('%s refuses what is not a message', async (path) => {
    await expectRefusal(await post(fetch, path), 'message_truncated');
    await expectRefusal(await post(fetch, path, new Uint8Array(MESSAGE_BYTES)), 'message_invalid');
    const good = messageOf(ADA, await newChallenge(fetch));
    const at = (index: number, value: number) => good.map((byte, i) => (i === index ? value : byte));
    await expectRefusal(await post(fetch, path, at(4, 9)), 'format_unsupported');
    await expectRefusal(await post(fetch, path, at(5, 2)), 'format_unsupported');
    await expectRefusal(await post(fetch, path, at(51, 0xff)), 'message_values_invalid');
    await expectRefusal(await post(fetch, path, at(MESSAGE_BYTES - 1, 0x80)), 'message_values_invalid');
  });

  test.each(['', ' ', '%20a', 'a%20', 'a%2Fb', '%2e%2e%2fa', '%00', '%ff', '%E2%80%AE', 'a'.repeat(65), 'a%0A'])(
    'the name %j',
    async (name) => {
      for (const action of ['enrolment', 'verification', 'removal']) {
        const message = messageOf(ADA, await newChallenge(fetch));
        const response = await post(fetch, `/v1/subjects/${name}/${action}`, message);
        await expectRefusal(response, name === '' ? 'not_found' : 'subject_invalid');
      }
    },
  );

  test('routes and methods that do not exist', async () => {
    for (const path of [
      '/v1/',
      '/v1/x',
      '/v1/subjects',
      '/v1/subjects/Ada',
      '/v1/subjects/Ada/photo',
      ROUTES.challenges,
    ]) {
      await expectRefusal(await fetch(path), 'not_found');
    }
    await expectRefusal(await fetch(ROUTES.service, { method: 'DELETE' }), 'not_found');
  });
});

describe('errors and the log', () => {
  test('what a database says is neither shown nor logged', async () => {
    const secret = 'Key (subject)=(Ada Lovelace)';
    const refuse = () => Promise.reject(Object.assign(new Error(secret), { code: '23505', detail: secret }));
    const { fetch: broken, logged } = await testCloud({ store: { ...store, findTemplate: refuse } });
    const message = messageOf(ADA, await newChallenge(broken));
    const response = await post(broken, ROUTES.verification('Ada Lovelace'), message);
    await expectRefusal(response, 'internal');
    expect(logged).toEqual([
      {
        level: 'error',
        code: 'internal',
        error: 'Error',
        reason: '23505',
        method: 'POST',
        route: '/v1/subjects/:subject/verification',
        stack: expect.stringContaining('at ') as string,
      },
    ]);
    expect(JSON.stringify(logged)).not.toMatch(/Ada|Lovelace|Key/);
  });

  test('names are in addresses and in no line of the log, whatever comes of the request', async () => {
    const name = 'Grace Hopper';
    const lines: object[] = [];
    const log = (entry: object) => void lines.push(entry);
    const gone = Promise.reject(Object.assign(new Error(name), { code: '57P01' }));
    gone.catch(() => undefined);
    for (const changes of [{ store }, { store: { ...store, findTemplate: () => gone, removeSubject: () => gone } }]) {
      const { fetch } = await testCloud({ ...changes, log, observe: log, random: (size) => randomBytes(size) });
      const paths = [ROUTES.enrolment, ROUTES.verification, ROUTES.removal, ADMIN_ROUTES.score, ADMIN_ROUTES.unlock];
      for (const path of [...paths, ADMIN_ROUTES.subject].map((of) => of(name))) {
        await post(fetch, path, messageOf(ADA, await newChallenge(fetch)));
        await post(fetch, path, new Uint8Array(3));
        for (const method of ['GET', 'DELETE', 'PUT']) await fetch(path, { method });
      }
      await post(fetch, ROUTES.verification(`${name} /`), new Uint8Array(3));
      await fetch(`/v1/subjects/${encodeURIComponent(name)}/nothing`);
      await fetch(`/${encodeURIComponent(name)}?name=${encodeURIComponent(name)}`);
    }
    expect(lines.length).toBeGreaterThan(60);
    expect(JSON.stringify(lines)).not.toMatch(/Grace|Hopper/);
  });

  test('refusals are not logged', async () => {
    await post(fetch, ROUTES.identification, new Uint8Array(3));
    await fetch('/v1/x');
    expect(cloud.logged).toEqual([]);
  });
});

describe('headers, documents and files', () => {
  let folder: string;
  let served: Fetch;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'xnn-files-'));
    await mkdir(join(folder, 'dist/assets'), { recursive: true });
    await writeFile(join(folder, 'secret.txt'), 'secret');
    await writeFile(join(folder, 'dist/index.html'), '<!doctype html>page');
    await writeFile(join(folder, 'dist/sw.js'), 'self');
    await writeFile(join(folder, 'dist/assets/app-abc123.js'), 'app');
    served = (await testCloud({ store, staticFiles: join(folder, 'dist') })).fetch;
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    '/',
    '/verify',
    '/assets/app-abc123.js',
    '/sw.js',
    '/v1/service',
    '/v1/x',
    '/x.js',
    '/docs',
    '/openapi.json',
  ])('%s has every security header', async (path) => {
    const { headers } = await served(path);
    const policy = headers.get('content-security-policy') ?? '';
    for (const directive of [
      "default-src 'self'",
      "connect-src 'self'",
      "object-src 'none'",
      "frame-ancestors 'none'",
    ]) {
      expect(policy.split('; ')).toContain(directive);
    }
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')|https?:|\*/);
    expect(Object.fromEntries(headers)).toMatchObject({
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'permissions-policy': expect.stringContaining('camera=(self)') as string,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
  });

  test('hashed assets are kept, everything else is asked for again, and the API is not stored', async () => {
    const control = async (path: string) => (await served(path)).headers.get('cache-control');
    expect(await control('/assets/app-abc123.js')).toBe('public, max-age=31536000, immutable');
    for (const path of ['/', '/sw.js', '/enrol']) expect(await control(path)).toBe('no-cache');
    expect(await control(ROUTES.service)).toBe('no-store');
  });

  test('a file that did not change is not sent again', async () => {
    const first = await served('/sw.js');
    const tag = first.headers.get('etag') ?? '';
    const again = await served('/sw.js', { headers: { 'If-None-Match': tag } });
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', tag]);
    expect(again.headers.get('content-security-policy')).toBe(first.headers.get('content-security-policy'));
    await writeFile(join(folder, 'dist/sw.js'), 'changed');
    const changed = await served('/sw.js', { headers: { 'If-None-Match': tag } });
    expect([changed.status, await changed.text()]).toEqual([200, 'changed']);
  });

  describe('parts of a file', () => {
    const path = '/models/tail.bin';
    const bytes = '0123456789';
    const ask = (headers: Record<string, string>, of = path) => served(of, { headers });
    const partOf = async (response: Response) => {
      const { status, headers } = response;
      return { status, headers, text: await response.text() };
    };
    beforeAll(async () => {
      await mkdir(join(folder, 'dist/models'));
      await writeFile(join(folder, 'dist/models/tail.bin'), bytes);
      await writeFile(join(folder, 'dist/models/tail.json'), '{"is":"plain"}');
      await writeFile(join(folder, 'dist/models/tail.json.gz'), gzipSync('{"is":"plain"}'));
    });

    test.each([
      ['bytes=4-', '456789', 'bytes 4-9/10'],
      ['bytes=4-5', '45', 'bytes 4-5/10'],
      ['bytes=8-99', '89', 'bytes 8-9/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
    ])('%s is %s', async (Range, part, place) => {
      const { status, text, headers } = await partOf(await ask({ Range }));
      expect([status, text, headers.get('content-range')]).toEqual([206, part, place]);
      expect(headers.get('etag')).toBe((await served(path)).headers.get('etag'));
      expect(headers.get('content-security-policy')).not.toBeNull();
    });

    test('one that begins behind the end is refused with the size', async () => {
      const { status, text, headers } = await partOf(await ask({ Range: 'bytes=10-' }));
      expect([status, text, headers.get('content-range')]).toEqual([416, '', 'bytes */10']);
    });

    test.each(['items=0-1', 'bytes=a-b', 'bytes=0-1,4-5', 'bytes=-', ''])('"%s" is the whole', async (Range) => {
      const { status, text, headers } = await partOf(await ask({ Range }));
      expect([status, text, headers.get('content-range')]).toEqual([200, bytes, null]);
    });

    test('of another version than now it is the whole, also behind the end of this one', async () => {
      const tag = (await served(path)).headers.get('etag') ?? '';
      expect(tag).toMatch(/^"/);
      expect((await ask({ Range: 'bytes=4-', 'If-Range': tag })).status).toBe(206);
      for (const Range of ['bytes=4-', 'bytes=10-']) {
        const { status, text, headers } = await partOf(await ask({ Range, 'If-Range': '"another"' }));
        expect([status, text]).toEqual([200, bytes]);
        expect([headers.get('content-range'), headers.get('etag')]).toEqual([null, tag]);
      }
    });

    test('is never one of the compressed copy', async () => {
      const [json, gzip] = ['/models/tail.json', { 'Accept-Encoding': 'gzip' }];
      const sent = await ask(gzip, json);
      expect(sent.headers.get('content-encoding')).toBe('gzip');
      const { status, text, headers } = await partOf(await ask({ ...gzip, Range: 'bytes=6-' }, json));
      expect([status, text, headers.get('content-encoding')]).toEqual([206, '"plain"}', null]);
      const tag = sent.headers.get('etag') ?? '';
      expect(headers.get('etag')).not.toBe(tag);
      // Who had begun with the compressed one gets the whole of it again.
      const again = await ask({ ...gzip, Range: 'bytes=6-', 'If-Range': tag }, json);
      expect([again.status, again.headers.get('content-encoding')]).toEqual([200, 'gzip']);
    });
  });

  test('pages of the app show index.html, missing files do not', async () => {
    for (const path of ['/', '/verify', '/nowhere/at/all']) expect(await (await served(path)).text()).toContain('page');
    for (const path of ['/missing.js', '/models/encoder.bin', '/assets/app-000000.js']) {
      expect((await served(path)).status).toBe(404);
    }
  });

  test.each(['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/assets/..%5c..%5c..%5csecret.txt'])(
    '%s does not leave the folder',
    async (path) => {
      const response = await served(path);
      expect(await response.text()).not.toContain('secret');
    },
  );

  test('the OpenAPI document has routes, their schemas and their refusals', async () => {
    const document = (await (await served('/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, Record<string, unknown>>;
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toContain('/v1/subjects/{subject}/removal');
    const removal = JSON.stringify(document.paths['/v1/subjects/{subject}/removal']);
    for (const part of [MESSAGE_TYPE, JSON_TYPE, 'RemovalRequest', 'removal_refused', '#/components/schemas/Error']) {
      expect(removal).toContain(part);
    }
  });

  test('/docs loads nothing from elsewhere, and everything it loads is there', async () => {
    const page = await (await served('/docs')).text();
    const loaded = Array.from(page.matchAll(/(?:src|href)="([^"]+)"/g), ([, address]) => address ?? '');
    expect(loaded.length).toBeGreaterThan(3);
    for (const address of loaded) {
      expect(address).toMatch(/^\/docs\//);
      expect((await served(address)).status).toBe(200);
    }
    expect((await served('/docs/package.json')).status).toBe(404);
  });
});

test('the stand-in persons are as far apart as the tests assume', () => {
  const ada = embeddingOf(ADA);
  const cosines = Array.from({ length: 10 }, (_, person) =>
    embeddingOf(person).reduce((sum, value, i) => sum + value * ada[i]!, 0),
  );
  expect(cosines.filter((cosine) => cosine >= THRESHOLD)).toHaveLength(1);
  expect(toHex(messageOf(ADA, new Uint8Array(16)))).not.toBe(toHex(messageOf(ADA, new Uint8Array(16), SERVED, 1)));
});

describe("under its owner's key", () => {
  async function enrolUnder(owner: number, subject: string, person: number): Promise<Response> {
    const challenge = await newChallenge(fetch);
    return post(
      fetch,
      ROUTES.enrolment(subject),
      ...[0, 1, 2].map((i) => keyedMessageOf(owner, person, challenge, SERVED.tenant, i)),
    );
  }
  async function verifyUnder(owner: number, subject: string, person: number): Promise<unknown> {
    const challenge = await newChallenge(fetch);
    return (
      await post(fetch, ROUTES.verification(subject), keyedMessageOf(owner, person, challenge, SERVED.tenant, 4))
    ).json();
  }

  test('the right face under the right key matches, and nothing else', async () => {
    expect((await enrolUnder(1, 'Ada', ADA)).status).toBe(200);
    expect(await verifyUnder(1, 'Ada', ADA)).toEqual({ verdict: 'match' });
    expect(await verifyUnder(1, 'Ada', BEN)).toEqual({ verdict: 'no_match' });
    expect(await verifyUnder(2, 'Ada', ADA)).toEqual({ verdict: 'no_match' });
    expect(await verifyUnder(1, 'Nobody', ADA)).toEqual({ verdict: 'no_match' });
    // Under noise, the same name is nobody's.
    expect(await show(fetch, ROUTES.verification('Ada'), ADA)).toEqual({ verdict: 'no_match' });
    const challenge = await newChallenge(fetch);
    expect((await post(fetch, ROUTES.removal('Ada'), keyedMessageOf(2, ADA, challenge))).status).toBe(403);
    const again = await newChallenge(fetch);
    expect((await post(fetch, ROUTES.removal('Ada'), keyedMessageOf(1, ADA, again))).status).toBe(200);
    expect(await verifyUnder(1, 'Ada', ADA)).toEqual({ verdict: 'no_match' });
  });

  test('captures under two keys are no person', async () => {
    const challenge = await newChallenge(fetch);
    const messages = [keyedMessageOf(1, ADA, challenge), keyedMessageOf(2, ADA, challenge)];
    await expectRefusal(await post(fetch, ROUTES.enrolment('Ada'), ...messages), 'captures_differ');
  });

  test('nobody is searched for under a key', async () => {
    await enrolUnder(1, 'Ada', ADA);
    const challenge = await newChallenge(fetch);
    await expectRefusal(
      await post(fetch, ROUTES.identification, keyedMessageOf(1, ADA, challenge)),
      'identification_keyed',
    );
    // What is no message is told so first.
    const cut = keyedMessageOf(1, ADA, challenge).subarray(0, 100);
    await expectRefusal(await post(fetch, ROUTES.identification, cut), 'message_truncated');
    expect(await show(fetch, ROUTES.identification, ADA)).toEqual({ verdict: 'no_match' });
  });

  test('messages are bound to model, tenant and challenge as those under noise', async () => {
    const challenge = await newChallenge(fetch);
    const [good] = [keyedMessageOf(1, ADA, challenge)];
    const altered = (at: number) => good.map((byte, i) => (i === at ? byte ^ 1 : byte));
    await expectRefusal(await post(fetch, ROUTES.verification('Ada'), altered(8)), 'model_unsupported');
    await expectRefusal(await post(fetch, ROUTES.verification('Ada'), altered(16)), 'tenant_unknown');
    await expectRefusal(await post(fetch, ROUTES.verification('Ada'), altered(32)), 'challenge_invalid');
    await expectRefusal(await post(fetch, ROUTES.verification('Ada'), good.subarray(0, 100)), 'message_truncated');
    expect((await post(fetch, ROUTES.verification('Ada'), good)).status).toBe(200);
    await expectRefusal(await post(fetch, ROUTES.verification('Ada'), good), 'challenge_invalid');
  });
});
