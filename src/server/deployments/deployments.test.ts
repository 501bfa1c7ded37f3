import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
import { Deployments, USUAL_DEPLOYMENT_LIMITS, type DeploymentLimits } from './deployments.js';
import { deploymentRows } from './rows.js';

const tail = new Uint8Array(meanTail());
const REQUEST = {
  encoder: toHex(SERVED.model),
  scheme: 'xnn-hardened',
  key: '12'.repeat(16),
  threshold: 0.5,
  bytes: tail.length,
  sha256: toHex(sha256(tail)),
};
const ADA = 1;
const BEN = 2;

let folder: string;
let driver: Driver;
let store: Store;
let fetch: Fetch;

beforeAll(async () => {
  driver = await openInMemory();
  store = await openStore(driver, MASTER);
});
afterAll(() => store.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-deployments-'));
  await driver.query('DELETE FROM deployments');
  await driver.query('DELETE FROM templates');
  await open();
});
afterEach(() => rm(folder, { recursive: true }));

async function open(limits: Partial<DeploymentLimits> = {}): Promise<void> {
  const rows = deploymentRows(driver);
  const deployments = new Deployments({
    rows,
    store,
    folder,
    limits: { ...USUAL_DEPLOYMENT_LIMITS, ...limits },
    now: () => Date.UTC(2024, 0, 1),
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

/** A deployment that answers. */
async function deployed(change: object = {}): Promise<{ id: string; token: string; served: Served }> {
  const { deployment, token } = deploymentCreatedSchema.parse(await (await create(change)).json());
  const sent = await send(deployment.deployment, token, 0, tail);
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

    const answer = await fetch(DEPLOYMENT_ROUTES.deployment(id), { method: 'DELETE', headers: bearer(token) });
    expect(await answer.json()).toEqual({ deleted: true });
    expect(await ofKey()).toEqual([]);
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
});

describe('refusals', () => {
  test.each<[string, object, ErrorCode]>([
    ['for another encoder', { encoder: '00'.repeat(8) }, 'encoder_differs'],
    ['that is too large', { bytes: USUAL_DEPLOYMENT_LIMITS.tailBytes + 1 }, 'tail_too_large'],
    ['with a threshold that no cosine reaches', { threshold: 1.5 }, 'request_invalid'],
    ['without a key', { key: '' }, 'request_invalid'],
  ])('a network %s', async (_, change, code) => {
    await expectRefusal(await create(change), code);
  });

  test.each<[string, Uint8Array]>([
    ['that is none', new Uint8Array(100)],
    ['for other tokens', meanTail({ channels: 128 })],
    ['whose weights are in other files', Buffer.concat([meanTail(), Buffer.from('location')])],
  ])('a network %s is not kept', async (_, content) => {
    const change = { bytes: content.length, sha256: toHex(sha256(content)) };
    const { deployment, token } = deploymentCreatedSchema.parse(await (await create(change)).json());
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
