import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { sentence, type ErrorCode } from '../../core/errors.js';
import { gaussian } from '../../core/random.js';
import { FEATURE_VALUES, TOKEN_CHANNELS } from '../../core/spec.js';
import { asObfuscated } from '../../core/tokens.js';
import { meanTail } from '../../owner/testing.js';
import type { Served } from '../../protocol/recognise.js';
import { ROUTES } from '../../wire/api.js';
import { deploymentCreatedSchema, DEPLOYMENT_ROUTES, deploymentListSchema } from '../../wire/deployment.js';
import { fromHex, toHex } from '../../wire/hex.js';
import { encodeXnnMessage } from '../../wire/message.js';
import { OFFSET_HEADER, PART_TYPE } from '../../wire/training.js';
import type { Driver } from '../drivers.js';
import { openStore, type Store } from '../store.js';
import {
  MASTER,
  messageOf,
  newChallenge,
  openInMemory,
  post,
  seeded,
  SERVED,
  show,
  testCloud,
  enrol,
  type Fetch,
} from '../testing.js';
import { sha256 } from '../sha256.js';
import { Deployments, USUAL_DEPLOYMENT_LIMITS, type DeploymentLimits, type DeploymentParts } from './deployments.js';
import { deploymentRows } from './rows.js';
import { loopingTail, SAID } from './testing.js';

const tail = new Uint8Array(meanTail());
const REQUEST = {
  encoder: toHex(SERVED.model),
  scheme: 'xnn-hardened',
  key: '12'.repeat(16),
  threshold: 0.5,
  bytes: tail.length,
  sha256: toHex(sha256(tail)),
  proof: '34'.repeat(32),
};
const ADA = 1;
const BEN = 2;

let folder: string;
let driver: Driver;
let store: Store;
let fetch: Fetch;
let deployments: Deployments;
let now: number;

beforeAll(async () => {
  driver = await openInMemory();
  store = await openStore(driver, MASTER);
});
afterAll(() => store.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-deployments-'));
  await driver.query('DELETE FROM deployments');
  await driver.query('DELETE FROM templates');
  now = Date.UTC(2024, 0, 1);
  await open();
});
afterEach(() => {
  deployments.close();
  return rm(folder, { recursive: true });
});

async function open(
  limits: Partial<DeploymentLimits> = {},
  parts: Pick<DeploymentParts, 'patience'> = {},
): Promise<void> {
  const rows = deploymentRows(driver);
  deployments = new Deployments({
    rows,
    store,
    folder,
    limits: { ...USUAL_DEPLOYMENT_LIMITS, ...limits },
    now: () => now,
    ...parts,
  });
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  ({ fetch } = await testCloud({ store, random, deployments: { deployments, rows } }));
}

const create = (change: object = {}) =>
  fetch(DEPLOYMENT_ROUTES.deployments, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...REQUEST, ...change }),
  });
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const send = (deployment: string, token: string, offset: number, part: Uint8Array) =>
  fetch(DEPLOYMENT_ROUTES.tail(deployment), {
    method: 'PATCH',
    headers: { ...bearer(token), 'Content-Type': PART_TYPE, [OFFSET_HEADER]: String(offset) },
    body: new Uint8Array(part),
  });
const ofKey = async (key = REQUEST.key) =>
  deploymentListSchema.parse(await (await fetch(DEPLOYMENT_ROUTES.ofKey(key))).json()).deployments;

const announced = (content: Uint8Array) => ({ bytes: content.length, sha256: toHex(sha256(content)) });

/** A deployment that answers. */
async function deployed(
  change: object = {},
  content: Uint8Array = tail,
): Promise<{ id: string; token: string; served: Served }> {
  const request = { ...announced(content), ...change };
  const { deployment, token } = deploymentCreatedSchema.parse(await (await create(request)).json());
  const sent = await send(deployment.deployment, token, 0, content);
  if (!sent.ok) throw new Error(await sent.text());
  const served = { model: fromHex(deployment.model, 8), tenant: fromHex(deployment.deployment, 16) };
  return { id: deployment.deployment, token, served };
}

/** One message of a person under a key: what `meanTail` sees differs by persons, and little by captures. */
async function keyed(person: number, served: Served, capture = 0): Promise<Uint8Array> {
  const centre = gaussian(TOKEN_CHANNELS, seeded(1000 + person));
  const noise = gaussian(FEATURE_VALUES, seeded(10 * person + capture));
  const tokens = asObfuscated(noise.map((value, i) => 0.3 * value + centre[i % TOKEN_CHANNELS]!));
  return encodeXnnMessage({ ...served, challenge: await newChallenge(fetch) }, tokens);
}

/** Processes that run a network, by what began them. Linux alone shows them. */
async function processes(parent = process.pid): Promise<readonly string[]> {
  const all = await readdir('/proc');
  const are = all.map(async (id) => {
    const stat = await readFile(`/proc/${id}/stat`, 'latin1').catch(() => '');
    return stat.split(') ')[1]?.split(' ')[1] === String(parent) && (await runsTail(id));
  });
  const found = await Promise.all(are);
  return all.filter((_, i) => found[i]);
}

async function runsTail(process: string): Promise<boolean> {
  return (await readFile(`/proc/${process}/cmdline`, 'latin1').catch(() => '')).includes('tail.child');
}

async function expectRefusal(response: Response, code: ErrorCode): Promise<void> {
  expect(await response.json()).toEqual({ error: { code, message: sentence(code) } });
}

describe('a deployment', () => {
  test('is found by its key once its network is whole, and gone when it is deleted', async () => {
    const { deployment, token } = deploymentCreatedSchema.parse(await (await create()).json());
    const { deployment: id } = deployment;
    expect(deployment).toMatchObject({ live: false, uploaded: 0, key: REQUEST.key });
    expect(await ofKey()).toEqual([]);
    await send(id, token, 0, tail.subarray(0, 1000));
    await expectRefusal(await send(id, token, 999, tail.subarray(999)), 'upload_offset_wrong');
    await send(id, token, 1000, tail.subarray(1000));
    expect(await ofKey()).toMatchObject([{ deployment: id, live: true, model: deployment.model }]);
    expect(await ofKey('34'.repeat(16))).toEqual([]);
    // With all that browsers check, which is not for the server to check.
    const { encoder, threshold, sha256: network, proof } = REQUEST;
    expect(await ofKey()).toMatchObject([{ encoder, threshold, sha256: network, proof }]);

    const answer = await fetch(DEPLOYMENT_ROUTES.deployment(id), { method: 'DELETE', headers: bearer(token) });
    expect(await answer.json()).toEqual({ deleted: true });
    expect(await ofKey()).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('that is deleted while its network is tried is unknown to who sends it', async () => {
    const { deployment, token } = deploymentCreatedSchema.parse(await (await create()).json());
    const sent = send(deployment.deployment, token, 0, tail);
    while ((await processes()).length === 0) await sleep(5);
    const init = { method: 'DELETE', headers: bearer(token) };
    expect((await fetch(DEPLOYMENT_ROUTES.deployment(deployment.deployment), init)).status).toBe(200);
    await expectRefusal(await sent, 'deployment_unknown');
    expect(await readdir(folder)).toEqual([]);
  });

  test('enrols, verifies, identifies and forgets in a gallery of its own', async () => {
    const { id, token, served } = await deployed();
    await enrol(fetch, 'Ada', BEN);
    const enrolled = await post(fetch, ROUTES.enrolment('Ada'), await keyed(ADA, served));
    const { receipt } = (await enrolled.json()) as { receipt: string };
    const verdict = async (person: number): Promise<unknown> =>
      (await post(fetch, ROUTES.verification('Ada'), await keyed(person, served, 5))).json();
    expect(await verdict(ADA)).toEqual({ verdict: 'match' });
    expect(await verdict(BEN)).toEqual({ verdict: 'no_match' });
    expect(await show(fetch, ROUTES.verification('Ada'), BEN)).toEqual({ verdict: 'match' });
    const identified = await post(fetch, ROUTES.identification, await keyed(ADA, served, 6));
    expect(await identified.json()).toEqual({ verdict: 'match', subject: 'Ada' });

    const remove = (body: object) =>
      fetch(ROUTES.removal('Ada'), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    await expectRefusal(await remove({ receipt }), 'removal_refused');
    expect(await (await remove({ receipt, tenant: id })).json()).toEqual({ removed: true });
    expect(await verdict(ADA)).toEqual({ verdict: 'no_match' });
    expect(await show(fetch, ROUTES.verification('Ada'), BEN)).toEqual({ verdict: 'match' });

    // With the deployment goes its gallery, and nothing else.
    await post(fetch, ROUTES.enrolment('Ada'), await keyed(ADA, served));
    await fetch(DEPLOYMENT_ROUTES.deployment(id), { method: 'DELETE', headers: bearer(token) });
    expect(await driver.query('SELECT subject FROM templates')).toHaveLength(1);
  });

  test('of before there were proofs is not found any more, and can be deleted', async () => {
    const { id, token } = await deployed();
    await driver.query(`UPDATE deployments SET request = regexp_replace(request, ',"proof":"[0-9a-f]+"', '')`);
    expect(await ofKey()).toEqual([]);
    const path = DEPLOYMENT_ROUTES.deployment(id);
    expect(await (await fetch(path, { headers: bearer(token) })).json()).toMatchObject({ live: true, proof: null });
    expect((await fetch(path, { method: 'DELETE', headers: bearer(token) })).status).toBe(200);
  });

  test('has the threshold that was given with it', async () => {
    const { served } = await deployed({ threshold: 1 });
    await post(fetch, ROUTES.enrolment('Ada'), await keyed(ADA, served));
    const answer = await post(fetch, ROUTES.verification('Ada'), await keyed(ADA, served, 5));
    expect(await answer.json()).toEqual({ verdict: 'no_match' });
  });

  test('takes no message of another mode or version, nor does the released network', async () => {
    const { served } = await deployed();
    const path = ROUTES.identification;
    await expectRefusal(
      await post(fetch, path, messageOf(ADA, await newChallenge(fetch), served)),
      'message_truncated',
    );
    await expectRefusal(
      await post(fetch, path, await keyed(ADA, { ...served, model: SERVED.model })),
      'model_unsupported',
    );
    await expectRefusal(await post(fetch, path, await keyed(ADA, SERVED)), 'message_too_long');
  });

  test('loads its network again after others took its place in memory', async () => {
    await open({ loaded: 1 });
    const [one, other] = [await deployed(), await deployed({ key: '34'.repeat(16) })];
    for (const { served } of [one, other, one]) {
      expect((await post(fetch, ROUTES.identification, await keyed(ADA, served))).status).toBe(200);
    }
  });

  test('whose network has no time to load again does not call it invalid', async () => {
    const { served } = await deployed();
    await open({}, { patience: 1 });
    await expectRefusal(await post(fetch, ROUTES.identification, await keyed(ADA, served)), 'overloaded');
  });
});

describe('a deletion', () => {
  const remove = (id: string, token: string) =>
    fetch(DEPLOYMENT_ROUTES.deployment(id), { method: 'DELETE', headers: bearer(token) });
  const templates = () => driver.query('SELECT subject FROM templates');
  /** The store, with other methods until the test is over. */
  const change = (methods: Partial<Store>) => {
    const before = { ...store };
    Object.assign(store, methods);
    onTestFinished(() => void Object.assign(store, before));
    return () => Object.assign(store, before);
  };
  const away = () => Promise.reject(new Error('Connection terminated'));

  test('that was broken off can be done again, and leaves nobody', async () => {
    const { id, token, served } = await deployed();
    await post(fetch, ROUTES.enrolment('Ada'), await keyed(ADA, served));
    const back = change({ removeGallery: away });
    expect((await remove(id, token)).status).toBe(503);
    back();
    expect(await ofKey()).toEqual([]);
    expect(await templates()).toHaveLength(1);
    expect((await remove(id, token)).status).toBe(200);
    expect(await templates()).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('of what was abandoned is done again, too', async () => {
    const { deployment, token } = deploymentCreatedSchema.parse(await (await create()).json());
    await send(deployment.deployment, token, 0, tail.subarray(0, 1000));
    now += 86_400_001;
    const back = change({ removeGallery: away });
    await expect(deployments.sweep()).rejects.toThrow('terminated');
    back();
    await deployments.sweep();
    expect(await readdir(folder)).toEqual([]);
  });

  test('takes along who is being enrolled', async () => {
    const { id, token, served } = await deployed();
    const before = { ...store };
    change({
      async addTemplate(...entry) {
        await remove(id, token);
        return before.addTemplate(...entry);
      },
    });
    await expectRefusal(await post(fetch, ROUTES.enrolment('Ada'), await keyed(ADA, served)), 'tenant_unknown');
    expect(await templates()).toEqual([]);
  });
});

describe('a network that does not end', () => {
  const PATIENCE = 1500;
  beforeEach(() => open({}, { patience: PATIENCE }));

  test('on trial is not kept, and holds up nothing', async () => {
    const content = loopingTail(1);
    const { deployment, token } = deploymentCreatedSchema.parse(await (await create(announced(content))).json());
    const uploading = send(deployment.deployment, token, 0, content);
    let answered = 0;
    const others = async () => {
      await sleep(50);
      answered += Number((await fetch(ROUTES.service)).ok);
      return null;
    };
    let upload: Response | null = null;
    while (upload === null) upload = await Promise.race([uploading, others()]);
    await expectRefusal(upload, 'tail_invalid');
    expect(answered).toBeGreaterThan(5);
    expect(await readdir(join(folder, deployment.deployment))).toEqual([]);
  });

  test('on trial has so many uploads wait only', async () => {
    const content = loopingTail(1);
    const { deployment, token } = deploymentCreatedSchema.parse(await (await create(announced(content))).json());
    const uploading = send(deployment.deployment, token, 0, content);
    await sleep(200);
    const behind = await Promise.all(Array.from({ length: 8 }, () => send(deployment.deployment, token, 9, content)));
    expect(behind.map(({ status }) => status).sort()).toEqual([...Array<number>(7).fill(409), 503]);
    await expectRefusal(await uploading, 'tail_invalid');
  });

  test('for a face is ended, and begun anew for the next', async () => {
    const { served } = await deployed({}, loopingTail(0));
    const show = async (first: number) => {
      const tokens = asObfuscated(gaussian(FEATURE_VALUES, seeded(ADA)));
      tokens[0] = first;
      const message = encodeXnnMessage({ ...served, challenge: await newChallenge(fetch) }, tokens);
      return post(fetch, ROUTES.identification, message);
    };
    expect((await show(0)).status).toBe(200);
    const [hung, behind] = await Promise.all([show(1), show(0)]);
    await expectRefusal(hung, 'overloaded');
    expect(behind.status).toBeOneOf([200, 503]);
    expect((await show(0)).status).toBe(200);
  });

  test('is waited for by so many only', async () => {
    const { served } = await deployed({}, loopingTail(0));
    const messages = await Promise.all(Array.from({ length: 17 }, () => keyed(ADA, served)));
    const answers = messages.map(async (message) => {
      await expectRefusal(await post(fetch, ROUTES.identification, message), 'overloaded');
      return performance.now();
    });
    const first = await Promise.race(answers);
    expect(Math.max(...(await Promise.all(answers))) - first).toBeGreaterThan(PATIENCE / 2);
  });

  test('keeps its place in memory until it is ended', async () => {
    await open({ loaded: 1 }, { patience: PATIENCE });
    const [looping, other] = [await deployed({}, loopingTail(0)), await deployed({ key: '34'.repeat(16) })];
    const hung = post(fetch, ROUTES.identification, await keyed(ADA, looping.served));
    await sleep(100);
    const ask = async () => post(fetch, ROUTES.identification, await keyed(ADA, other.served));
    await expectRefusal(await ask(), 'overloaded');
    await expectRefusal(await hung, 'overloaded');
    expect((await ask()).status).toBe(200);
  });
});

describe.runIf(process.platform === 'linux')('the process of a network', () => {
  const POLL = { timeout: 20_000 };

  test('ends when its deployment is deleted, loses its place, or the server closes', async () => {
    await open({ loaded: 2 });
    const all = [await deployed(), await deployed({ key: '34'.repeat(16) }), await deployed({ key: '56'.repeat(16) })];
    for (const { served } of all) await post(fetch, ROUTES.identification, await keyed(ADA, served));
    const running = async () => (await processes()).length;
    await expect.poll(running, POLL).toBe(2);
    const { id, token } = all[2]!;
    await fetch(DEPLOYMENT_ROUTES.deployment(id), { method: 'DELETE', headers: bearer(token) });
    await expect.poll(running, POLL).toBe(1);
    deployments.close();
    await expect.poll(running, POLL).toBe(0);
  });

  test('is begun anew when it was killed', async () => {
    const { served } = await deployed();
    const show = async () => (await post(fetch, ROUTES.identification, await keyed(ADA, served))).status;
    expect(await show()).toBe(200);
    const [first] = await processes();
    process.kill(Number(first), 'SIGKILL');
    await expect.poll(processes, POLL).toEqual([]);
    // The server learns of its end a moment later.
    await expect.poll(show, POLL).toBe(200);
  });

  const child = fileURLToPath(new URL('./testing.child.ts', import.meta.url));

  test('writes nothing in the log of its server', async () => {
    const server = spawn(process.execPath, ['--import', 'tsx', child, 'talking'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    expect(await once(server, 'close')).toEqual([0, null]);
    expect(said).not.toContain(SAID);
  });

  test('ends with a server that is killed, also while it computes', async () => {
    const server = spawn(process.execPath, ['--import', 'tsx', child], { stdio: 'inherit' });
    const started = () => processes(server.pid);
    await expect.poll(started, POLL).toHaveLength(1);
    const [network] = await started();
    await sleep(2000);
    server.kill('SIGKILL');
    await expect.poll(() => runsTail(network!), POLL).toBe(false);
  });
});

describe('what was abandoned', () => {
  const DAY = 86_400_000;

  test('goes after a day, with its files, and makes room', async () => {
    await open({ deployments: 2 });
    const live = await deployed();
    const { deployment, token } = deploymentCreatedSchema.parse(await (await create()).json());
    await send(deployment.deployment, token, 0, tail.subarray(0, 1000));
    now += DAY;
    await deployments.sweep();
    expect(await readdir(folder)).toHaveLength(2);
    await expectRefusal(await create(), 'quota_exceeded');
    now += 1;
    await deployments.sweep();
    expect(await readdir(folder)).toEqual([live.id]);
    expect(await ofKey()).toMatchObject([{ deployment: live.id }]);
    await expectRefusal(await send(deployment.deployment, token, 1000, tail.subarray(1000)), 'deployment_unknown');
    expect((await create()).status).toBe(200);
  });
});

describe('refusals', () => {
  test.each<[string, object, ErrorCode]>([
    ['for another encoder', { encoder: '00'.repeat(8) }, 'encoder_differs'],
    ['that is too large', { bytes: USUAL_DEPLOYMENT_LIMITS.tailBytes + 1 }, 'tail_too_large'],
    ['with a threshold that no cosine reaches', { threshold: 1.5 }, 'request_invalid'],
    ['without a key', { key: '' }, 'request_invalid'],
    ['without a proof', { proof: undefined }, 'request_invalid'],
  ])('a network %s', async (_, change, code) => {
    await expectRefusal(await create(change), code);
  });

  test.each<[string, Uint8Array]>([
    ['that is none', new Uint8Array(100)],
    ['for other tokens', meanTail({ channels: 128 })],
    ['whose weights are in other files', Buffer.concat([meanTail(), Buffer.from('location')])],
  ])('a network %s is not kept', async (_, content) => {
    const { deployment, token } = deploymentCreatedSchema.parse(await (await create(announced(content))).json());
    await expectRefusal(await send(deployment.deployment, token, 0, content), 'tail_invalid');
    expect(await readdir(join(folder, deployment.deployment))).toEqual([]);
    expect(await ofKey()).toEqual([]);
  });

  test('another network than was announced', async () => {
    const { deployment, token } = deploymentCreatedSchema.parse(await (await create()).json());
    const other = tail.slice();
    other[200]! ^= 1;
    await expectRefusal(await send(deployment.deployment, token, 0, other), 'model_hash_wrong');
  });

  test('more deployments than there may be', async () => {
    await open({ deployments: 1 });
    await create();
    await expectRefusal(await create(), 'quota_exceeded');
  });

  test('more deployments than there may be, at once', async () => {
    await open({ deployments: 2 });
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => create()));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429, 429]);
  });

  test('an unknown deployment and a wrong token answer alike', async () => {
    const { id, token } = await deployed();
    const answers = new Set<string>();
    for (const [name, shown] of [
      [id, '00'.repeat(32)],
      ['00'.repeat(16), token],
      ['nonsense', token],
    ] as const) {
      const requests = [
        fetch(DEPLOYMENT_ROUTES.deployment(name), { headers: bearer(shown) }),
        fetch(DEPLOYMENT_ROUTES.deployment(name), { method: 'DELETE', headers: bearer(shown) }),
        send(name, shown, 0, tail),
      ];
      for (const request of requests) {
        const response = await request;
        answers.add(`${response.status} ${await response.text()}`);
      }
    }
    expect([...answers]).toEqual([expect.stringMatching(/^404 .*deployment_unknown/)]);
  });
});
