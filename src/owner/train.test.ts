import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { XnnError, type ErrorCode } from '../core/errors.js';
import { proofOf, proofSecret } from '../core/proof.js';
import type { Key } from '../core/xnn.js';
import { createApp } from '../server/app.js';
import { Deployments, USUAL_DEPLOYMENT_LIMITS } from '../server/deployments/deployments.js';
import { deploymentRows } from '../server/deployments/rows.js';
import type { Driver } from '../server/drivers.js';
import { openStore, type Store } from '../server/store.js';
import { KEYED, MASTER, meanStudent, openInMemory, THRESHOLD, UNLIMITED } from '../server/testing.js';
import { TrainingQueue, USUAL_LIMITS } from '../server/training/queue.js';
import { jobRows } from '../server/training/rows.js';
import { FAKE_TRAINER } from '../server/training/testing.js';
import { fromHex } from '../wire/hex.js';
import { MOST_PART_BYTES, type Job } from '../wire/training.js';
import { openBundle } from './bundle.js';
import { ownerCloud, type OwnerCloud } from './cloud.js';
import { calibrated, deployTail, readReport, undeploy } from './deploy.js';
import { sha256 } from './files.js';
import { changeLedger, ledgerFile, readLedger } from './ledger.js';
import { protectFeatures } from './protect.js';
import { releasedEncoder } from './release.js';
import { keyOf, meanTail, peopleOf, syntheticSource } from './testing.js';
import { forgetJob, trainInCloud, type TrainOptions } from './train.js';
import { sendAll } from './upload.js';

let folder: string;
let driver: Driver;
let store: Store;
let queue: TrainingQueue;
let cloud: OwnerCloud;
let close: () => Promise<void>;
let bundle: string;

beforeAll(async () => {
  driver = await openInMemory();
  store = await openStore(driver, MASTER);
});
afterAll(() => store.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-owner-'));
  vi.stubEnv('XDG_STATE_HOME', join(folder, 'state'));
  bundle = join(folder, 'faces.bundle');
  const encoder = await releasedEncoder();
  const set = peopleOf(['Ada', 'Grace'], 2);
  await protectFeatures({
    key: await ownKey(),
    set,
    listing: '',
    source: syntheticSource(set),
    out: bundle,
    ownerFile: join(folder, 'owner.json'),
    recordsPerShard: 3,
    onProgress: () => {},
  });
  const rows = jobRows(driver);
  const log = () => {};
  const parts = { folder: join(folder, 'cloud/jobs'), limits: USUAL_LIMITS, now: Date.now, log };
  queue = new TrainingQueue({ ...parts, rows, trainer: () => Promise.resolve(FAKE_TRAINER) });
  await queue.start();
  const deploymentTable = deploymentRows(driver);
  const deployments = new Deployments({
    rows: deploymentTable,
    store,
    folder: join(folder, 'cloud/deployments'),
    limits: USUAL_DEPLOYMENT_LIMITS,
    now: Date.now,
  });
  const app = createApp({
    store,
    student: meanStudent,
    served: { model: fromHex(encoder, 8), tenant: new Uint8Array(16) },
    threshold: THRESHOLD,
    keyed: KEYED,
    now: Date.now,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    log,
    rates: UNLIMITED,
    addressOf: () => '',
    training: { queue, rows },
    deployments: { deployments, rows: deploymentTable },
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cloud = ownerCloud(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  close = async () => {
    await queue.close();
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await close();
  await driver.query('DELETE FROM training_jobs');
  await rm(folder, { recursive: true });
});

/** The bundle's. */
const ownKey = async (): Promise<Key> => ({ ...keyOf('permutation', 1), encoder: await releasedEncoder() });
const refusal = (code: ErrorCode) => expect.objectContaining({ name: 'XnnError', code }) as Error;
const train = (changes: Partial<TrainOptions> = {}) =>
  trainInCloud({
    cloud,
    bundle,
    out: join(folder, 'recnet.onnx'),
    epochs: 2,
    onUpload: () => {},
    onJob: () => {},
    ...changes,
  });

describe('training in a cloud', () => {
  test('brings a tail with its report, and remembers the job for its owner alone', async () => {
    const uploads: number[] = [];
    const states: string[] = [];
    const report = await train({ onUpload: (done) => uploads.push(done), onJob: ({ state }) => states.push(state) });
    expect(report).toMatchObject({ records: 4, epochs: 2 });
    expect(await readFile(join(folder, 'recnet.onnx'), 'utf8')).toBe('a tail of 4 records');
    expect(JSON.parse(await readFile(join(folder, 'recnet.json'), 'utf8'))).toEqual(report);
    expect(uploads[0]).toBe(0);
    expect([states[0], states.at(-1)]).toEqual(['uploading', 'done']);
    expect((await stat(ledgerFile())).mode & 0o777).toBe(0o600);
    expect((await readLedger()).jobs).toMatchObject([{ cloud: cloud.address, bundle }]);
  });

  test('goes on with the job that was begun, wherever it was left', async () => {
    // Left in the upload, by a line that broke for good.
    const torn: OwnerCloud = {
      ...cloud,
      sendBundle: async (job, token, offset, part) => {
        await cloud.sendBundle(job, token, offset, part.subarray(0, 1000));
        throw new XnnError('file_unwritable', 'the end');
      },
    };
    await expect(train({ cloud: torn })).rejects.toThrow(refusal('file_unwritable'));
    // Left while it is trained.
    const seen: Job[] = [];
    const leave = train({
      onJob: (job) => {
        seen.push(job);
        if (job.state === 'running') throw new XnnError('internal', 'Ctrl-C');
      },
    });
    await expect(leave).rejects.toThrow(refusal('internal'));
    expect(seen[0]?.uploaded).toBe(1000);
    await train();
    expect((await readLedger()).jobs).toHaveLength(1);
    // And once it is done, it is only fetched.
    await rm(join(folder, 'recnet.onnx'));
    await rm(join(folder, 'recnet.json'));
    await train({ onUpload: () => expect.unreachable() });
    expect(await driver.query('SELECT id FROM training_jobs')).toHaveLength(1);
  });

  test.each([
    [66, 'too_few_identities'],
    [77, 'training_failed'],
  ] as const)('that failed there (%d) fails here, and leaves nothing', async (epochs, code) => {
    await expect(train({ epochs })).rejects.toThrow(refusal(code));
    expect((await readdir(folder)).sort()).toEqual(['cloud', 'faces.bundle', 'owner.json', 'state']);
    expect((await readLedger()).jobs).toEqual([]);
    expect(await driver.query('SELECT state FROM training_jobs')).toEqual([]);
  });

  test('goes on after the answer to the last part was lost', async () => {
    const bytes = (await openBundle(bundle)).shards.reduce((sum, shard) => sum + shard.bytes, 0);
    let lost = false;
    const torn: OwnerCloud = {
      ...cloud,
      async sendBundle(...part) {
        const there = await cloud.sendBundle(...part);
        if (there < bytes || lost) return there;
        lost = true;
        throw new XnnError('server_away');
      },
    };
    expect(await train({ cloud: torn })).toMatchObject({ records: 4 });
    expect(lost).toBe(true);
  });

  test('follows a job whose bundle another command sent first', async () => {
    const sendBundle: OwnerCloud['sendBundle'] = async (...part) => {
      await cloud.sendBundle(...part);
      throw new XnnError('job_state_wrong');
    };
    expect(await train({ cloud: { ...cloud, sendBundle } })).toMatchObject({ records: 4 });
  });

  test('goes on after it was killed between the report and the tail', async () => {
    const report = await train();
    await rm(join(folder, 'recnet.onnx'));
    expect(await train()).toEqual(report);
    // But what is no report is not overwritten.
    await rm(join(folder, 'recnet.onnx'));
    await writeFile(join(folder, 'recnet.json'), 'a poem');
    await expect(train()).rejects.toThrow(refusal('file_exists'));
  });

  test.each(['database_away', 'overloaded'] as const)('follows a job through %s', async (code) => {
    let away = true;
    const flaky: OwnerCloud = {
      ...cloud,
      async *follow(job, token) {
        if (away) {
          away = false;
          throw new XnnError(code);
        }
        yield* cloud.follow(job, token);
      },
    };
    expect(await train({ cloud: flaky })).toMatchObject({ records: 4 });
  });

  test('takes what answers in place of the cloud for a cloud that is away', async () => {
    const gateway = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('Bad Gateway', { status: 502 }));
    onTestFinished(() => gateway.mockRestore());
    await expect(cloud.job('', '')).rejects.toThrow(refusal('server_away'));
  });

  test('keeps the token of a job whose report is missing for a moment', async () => {
    const forgetful: OwnerCloud = {
      ...cloud,
      async *follow(job, token) {
        for await (const seen of cloud.follow(job, token)) yield { ...seen, report: null };
      },
    };
    await expect(train({ cloud: forgetful })).rejects.toThrow(refusal('reply_invalid'));
    expect((await readLedger()).jobs).toHaveLength(1);
    expect(await train()).toMatchObject({ records: 4 });
  });

  test('leaves no job of which nobody would have the token', async () => {
    await writeFile(join(folder, 'state'), 'a file where a folder should be');
    await expect(train()).rejects.toThrow(refusal('file_unwritable'));
    expect(await driver.query('SELECT id FROM training_jobs')).toEqual([]);
  });

  test('says that the cloud may take fewer epochs', async () => {
    const trained = train({ epochs: USUAL_LIMITS.epochs + 1 });
    await expect(trained).rejects.toThrow('request_invalid: the cloud may not take as many as 201 epochs');
  });

  test('takes an event that is no JSON for an answer that is not understood', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('data: {\n\n')));
    onTestFinished(() => void vi.unstubAllGlobals());
    await expect(cloud.follow('', '').next()).rejects.toThrow(refusal('reply_invalid'));
  });

  test('forgets a job that its cloud has deleted', async () => {
    await train();
    const [known] = (await readLedger()).jobs;
    await cloud.deleteJob(known!.job, known!.token);
    await forgetJob(cloud, known!);
    expect((await readLedger()).jobs).toEqual([]);
  });

  test('refuses another tail than the report names', async () => {
    const other: OwnerCloud = { ...cloud, tail: () => Promise.resolve(new Uint8Array(19)) };
    await expect(train({ cloud: other })).rejects.toThrow(refusal('model_hash_wrong'));
    expect(await readdir(folder)).not.toContain('recnet.onnx');
  });
});

describe('an upload', () => {
  const sending = (send: (offset: number) => Promise<number>) => ({
    files: [{ path: join(folder, 'owner.json'), bytes: 10 }],
    stands: () => Promise.resolve(4),
    send,
    onProgress: () => {},
    patience: 1,
  });

  test('goes on from where it stands after the line broke', async () => {
    const offsets: number[] = [];
    await sendAll(
      sending((offset) => {
        offsets.push(offset);
        return offsets.length < 3 ? Promise.reject(new XnnError('server_away')) : Promise.resolve(10);
      }),
    );
    expect(offsets).toEqual([4, 4, 4]);
  });

  test('gives up in the end, and at once where a new try is of no use', async () => {
    const away = vi.fn(() => Promise.reject(new XnnError('server_away')));
    await expect(sendAll(sending(away))).rejects.toThrow(refusal('server_away'));
    expect(away).toHaveBeenCalledTimes(7);
    const refused = vi.fn(() => Promise.reject(new XnnError('bundle_invalid')));
    await expect(sendAll(sending(refused))).rejects.toThrow(refusal('bundle_invalid'));
    expect(refused).toHaveBeenCalledOnce();
  });

  test('of a file that is not here says so', async () => {
    const files = [{ path: join(folder, 'missing'), bytes: 10 }];
    const stands = () => Promise.resolve(0);
    const sent = sendAll({ files, stands, send: () => Promise.resolve(10), onProgress: () => {} });
    await expect(sent).rejects.toThrow(refusal('bundle_truncated'));
  });

  test('of a file that is damaged here gives up, although its first part is taken each time', async () => {
    const [path, bytes] = [join(folder, 'shard'), MOST_PART_BYTES + 1];
    await writeFile(path, new Uint8Array(bytes));
    let at = 0;
    const send = vi.fn((offset: number, part: Uint8Array) => {
      at = offset + part.length;
      if (at < bytes) return Promise.resolve(at);
      at = 0;
      return Promise.reject(new XnnError('bundle_corrupt'));
    });
    const files = [{ path, bytes }];
    const sent = sendAll({ files, stands: () => Promise.resolve(at), send, onProgress: () => {}, patience: 1 });
    await expect(sent).rejects.toThrow(refusal('bundle_corrupt'));
    expect(send).toHaveBeenCalledTimes(14);
  });
});

describe('deploying', () => {
  /** A tail with a report, as training leaves them. */
  async function trained(changes: object = {}): Promise<string> {
    const tail = join(folder, 'mean.onnx');
    const weights = meanTail();
    await writeFile(tail, weights);
    const report = {
      ...(await train()),
      bytes: weights.length,
      sha256: sha256(weights),
      ...changes,
    };
    await writeFile(join(folder, 'mean.json'), JSON.stringify(report));
    return tail;
  }

  test('has a tail served, until it is undeployed', async () => {
    const tail = await trained();
    const made = await deployTail(cloud, tail, await ownKey(), 0.5, () => {});
    expect(made.live).toBe(true);
    expect(made.proof).toBe(proofOf(proofSecret(await ownKey()), made));
    const [known] = (await readLedger()).deployments;
    expect(known).toMatchObject({ deployment: made.deployment, tail });
    await undeploy(cloud, made.deployment, known!.token);
    expect((await readLedger()).deployments).toEqual([]);
    await expect(cloud.deployment(made.deployment, known!.token)).rejects.toThrow(refusal('deployment_unknown'));
    // Nor does one that the cloud has deleted stay in the list.
    await changeLedger((ledger) => ({ ...ledger, deployments: [known!] }));
    await undeploy(cloud, made.deployment, known!.token);
    expect((await readLedger()).deployments).toEqual([]);
  });

  test('what the cloud refuses stays nowhere', async () => {
    const tail = await trained();
    const refusing: OwnerCloud = { ...cloud, sendTail: () => Promise.reject(new XnnError('tail_invalid')) };
    await expect(deployTail(refusing, tail, await ownKey(), 0.5, () => {})).rejects.toThrow(refusal('tail_invalid'));
    expect((await readLedger()).deployments).toEqual([]);
    expect(await driver.query('SELECT gallery FROM deployments')).toEqual([]);
  });

  test('of which the token cannot be kept stays nowhere', async () => {
    const tail = await trained();
    await rm(join(folder, 'state'), { recursive: true });
    await writeFile(join(folder, 'state'), 'a file where a folder should be');
    const deployed = deployTail(cloud, tail, await ownKey(), 0.5, () => {});
    await expect(deployed).rejects.toThrow(refusal('file_unwritable'));
    expect(await driver.query('SELECT gallery FROM deployments')).toEqual([]);
  });

  test.each<[string, object, ErrorCode]>([
    ['of another encoder', { encoder: '00'.repeat(8) }, 'encoder_differs'],
    ['whose report is of another', { sha256: '00'.repeat(32) }, 'tail_invalid'],
    ['whose report is none', { format: 'poem' }, 'tail_invalid'],
  ])('a tail %s is not sent', async (_, changes, code) => {
    const tail = await trained(changes);
    await expect(deployTail(cloud, tail, await ownKey(), 0.5, () => {})).rejects.toThrow(refusal(code));
    expect((await readLedger()).deployments).toEqual([]);
  });

  test('needs the key that the tail was trained with', async () => {
    const tail = await trained();
    const other = { ...(await ownKey()), scheme: 'xnn' } as const;
    await expect(deployTail(cloud, tail, other, 0.5, () => {})).rejects.toThrow(refusal('request_invalid'));
    expect((await readLedger()).deployments).toEqual([]);
  });

  test('takes the threshold of an evaluation of this tail, and no other', async () => {
    const report = await readReport(await trained());
    const file = join(folder, 'calibration.json');
    const given = {
      sha256: report.sha256,
      key: { fingerprint: report.key },
      threshold: { value: 0.25, fmr: 1e-3 },
      images: 6,
    };
    await writeFile(file, JSON.stringify(given));
    expect(await calibrated(file, report)).toBe(0.25);
    const wrongs = [
      { ...given, sha256: '00'.repeat(32) },
      { ...given, key: { fingerprint: '00'.repeat(16) } },
      { ...given, threshold: null },
      'nothing',
    ];
    for (const wrong of wrongs) {
      await writeFile(file, JSON.stringify(wrong));
      await expect(calibrated(file, report)).rejects.toThrow(refusal('request_invalid'));
    }
  });
});
