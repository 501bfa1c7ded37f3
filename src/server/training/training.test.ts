import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { sentence, XnnError, type ErrorCode } from '../../core/errors.js';
import { jobSchema, TRAINING_ROUTES, type Job } from '../../wire/training.js';
import type { Driver } from '../drivers.js';
import { openStore, type Store } from '../store.js';
import { MASTER, openInMemory, seeded, testCloud, type Fetch } from '../testing.js';
import { TrainingQueue, USUAL_LIMITS, type TrainingLimits } from './queue.js';
import { jobRows, type JobRows } from './rows.js';
import { FAKE_TRAINER, read, testBundle, trainingClient } from './testing.js';
import { findTrainer, type TrainerCommand } from './trainer.js';

const bundle = testBundle();
let folder: string;
let driver: Driver;
let store: Store;
let queue: TrainingQueue;
let fetch: Fetch;
let client: ReturnType<typeof trainingClient>;
let now: number;
let logged: object[];

beforeAll(async () => {
  driver = await openInMemory();
  store = await openStore(driver, MASTER);
});
afterAll(() => store.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-training-'));
  await driver.query('DELETE FROM training_jobs');
  logged = [];
  now = Date.UTC(2024, 0, 1);
  await open();
});
afterEach(async () => {
  await queue.close();
  await rm(folder, { recursive: true });
});

/** A cloud with a new queue on the same files and database. */
async function open(
  limits: Partial<TrainingLimits> = {},
  trainer: () => Promise<TrainerCommand> = () => Promise.resolve(FAKE_TRAINER),
  change: Partial<JobRows> = {},
) {
  const rows = { ...jobRows(driver), ...change };
  queue = new TrainingQueue({
    rows,
    folder,
    trainer,
    limits: { ...USUAL_LIMITS, ...limits },
    now: () => now,
    log: (entry) => logged.push(entry),
  });
  await queue.start();
  ({ fetch } = await testCloud({ store, training: { queue, rows }, random: seeded(logged.length + now) }));
  client = trainingClient(fetch);
}

async function expectRefusal(response: Response, code: ErrorCode): Promise<void> {
  expect(await response.json()).toEqual({ error: { code, message: sentence(code) } });
}

/** All events of a job that is followed to its end. */
async function jobsOf(events: Response): Promise<Job[]> {
  return [...(await events.text()).matchAll(/^data: (.*)$/gm)].map(([, data]) => jobSchema.parse(JSON.parse(data!)));
}

const isOver = ({ state }: Job) => ['done', 'failed', 'cancelled'].includes(state);
const get = (path: string, token: string) => fetch(path, { headers: client.bearer(token) });

describe('a job', () => {
  test('goes from its manifest to a tail, and keeps nothing else', async () => {
    const { job, token } = await client.created({ manifest: bundle.manifest, epochs: 3 });
    expect(job).toMatchObject({ state: 'uploading', bytes: bundle.bytes.length, uploaded: 0, records: 3, epochs: 3 });
    expect(job).toMatchObject({ ahead: null, progress: null, error: null, report: null });
    const half = bundle.bytes.length >> 1;
    expect(await (await client.send(job.job, token, 0, bundle.bytes.subarray(0, half))).json()).toEqual({
      uploaded: half,
    });
    expect((await client.show(job.job, token)).uploaded).toBe(half);
    await client.send(job.job, token, half, bundle.bytes.subarray(half));
    const done = await client.until(job.job, token, isOver);
    expect(done).toMatchObject({ state: 'done', error: null, progress: { epoch: 3, of: 3 } });
    expect(done.report).toMatchObject({ records: 3, key: bundle.manifest.key });

    const tail = await get(TRAINING_ROUTES.tail(job.job), token);
    expect(tail.headers.get('content-type')).toBe('application/octet-stream');
    expect(await tail.text()).toBe('a tail of 3 records');
    expect((await readdir(join(folder, job.job))).sort()).toEqual(['recnet.json', 'recnet.onnx']);
    expect(
      await (await fetch(TRAINING_ROUTES.job(job.job), { method: 'DELETE', headers: client.bearer(token) })).json(),
    ).toEqual({
      deleted: true,
    });
    expect(await readdir(folder)).toEqual([]);
    await expectRefusal(await get(TRAINING_ROUTES.job(job.job), token), 'job_unknown');
  });

  test('is followed live, from whatever point to its end', async () => {
    const { id, token } = await client.begin(bundle, 4);
    const events = await get(TRAINING_ROUTES.events(id), token);
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    const seen = await jobsOf(events);
    expect(seen.at(-1)).toMatchObject({ state: 'done', report: { records: 3 } });
    const epochs = seen.flatMap(({ progress }) => progress?.epoch ?? []);
    expect(new Set(epochs)).toEqual(new Set([1, 2, 3, 4]));
    expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
    // One that is deleted is told no more.
    const other = await client.begin(bundle, 190);
    const following = get(TRAINING_ROUTES.events(other.id), other.token).then((response) => response.text());
    await client.until(other.id, other.token, ({ progress }) => progress !== null);
    await fetch(TRAINING_ROUTES.job(other.id), { method: 'DELETE', headers: client.bearer(other.token) });
    expect(await following).not.toContain('"done"');
    // One that is over is told once.
    expect((await (await get(TRAINING_ROUTES.events(id), token)).text()).match(/^data: /gm)).toHaveLength(1);
  });

  test('has a tail that is read as it is taken', async () => {
    const { id, token } = await client.begin(bundle, 1);
    await client.until(id, token, isOver);
    const content = Buffer.alloc(1_000_000, 'tail');
    await writeFile(join(folder, id, 'recnet.onnx'), content);
    const answer = await get(TRAINING_ROUTES.tail(id), token);
    expect(answer.headers.get('content-length')).toBe('1000000');
    const sizes: number[] = [];
    for await (const part of answer.body!) sizes.push(part.length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(content.length);
    expect(sizes[0]).toBeLessThan(content.length / 4);
    await (await get(TRAINING_ROUTES.tail(id), token)).body!.cancel();
  });

  test('is followed by 32 at once', async () => {
    const { job, token } = await client.created({ manifest: bundle.manifest });
    const following = Array.from({ length: 32 }, () => get(TRAINING_ROUTES.events(job.job), token));
    for (const response of await Promise.all(following)) expect(response.status).toBe(200);
    await expectRefusal(await get(TRAINING_ROUTES.events(job.job), token), 'overloaded');
    await fetch(TRAINING_ROUTES.job(job.job), { method: 'DELETE', headers: client.bearer(token) });
    for (const response of await Promise.all(following)) await response.text();
  });

  test('waits for those before it, and is trained when they are cancelled', async () => {
    const [first, second] = [await client.begin(bundle, 190), await client.begin(bundle, 1)];
    now += 1000;
    const third = await client.begin(bundle, 1);
    await client.until(first.id, first.token, ({ state }) => state === 'running');
    expect(await client.show(second.id, second.token)).toMatchObject({ state: 'queued', ahead: 1 });
    expect(await client.show(third.id, third.token)).toMatchObject({ state: 'queued', ahead: 2 });
    const cancel = (id: string, token: string) =>
      fetch(TRAINING_ROUTES.cancellation(id), { method: 'POST', headers: client.bearer(token) });
    expect(await (await cancel(second.id, second.token)).json()).toMatchObject({ state: 'cancelled' });
    expect(await (await cancel(first.id, first.token)).json()).toMatchObject({ state: 'cancelled' });
    await expectRefusal(await cancel(first.id, first.token), 'job_state_wrong');
    expect(await client.until(third.id, third.token, isOver)).toMatchObject({ state: 'done' });
    expect(await readdir(join(folder, first.id))).toEqual([]);
    await expectRefusal(await get(TRAINING_ROUTES.tail(first.id), first.token), 'job_state_wrong');
  });

  test.each([
    [66, 'too_few_identities'],
    [77, 'training_failed'],
    [55, 'training_failed'],
  ] as const)('that fails (%d) says why', async (epochs, code) => {
    const { id, token } = await client.begin(bundle, epochs);
    const failed = await client.until(id, token, isOver);
    expect(failed).toMatchObject({ state: 'failed', error: { code, message: sentence(code) }, report: null });
    expect(await readdir(join(folder, id))).toEqual([]);
    if (epochs === 77) expect(JSON.stringify(logged)).toContain('out of memory');
    // It holds up no other.
    const { id: next, token: other } = await client.begin(bundle, 1);
    expect((await client.until(next, other, isOver)).state).toBe('done');
  });

  test('under a token that was shown before is listed with the others', async () => {
    const { job: first, token } = await client.created({ manifest: bundle.manifest });
    const again = await client.create({ manifest: bundle.manifest }, client.bearer(token));
    const second = (await again.json()) as { job: Job; token: string };
    expect(second.token).toBe(token);
    await client.created({ manifest: bundle.manifest });
    const { jobs } = (await (await get(TRAINING_ROUTES.jobs, token)).json()) as { jobs: Job[] };
    expect(jobs.map(({ job }) => job).sort()).toEqual([first.job, second.job.job].sort());
    expect(await (await fetch(TRAINING_ROUTES.jobs)).json()).toEqual({ jobs: [] });
  });
});

test('a manifest of a million wrong shards is refused without looking at them', async () => {
  const body = `{"manifest":{"shards":[${Array<string>(300_000).fill('{}').join()}]}}`;
  const headers = { 'Content-Type': 'application/json' };
  await expectRefusal(await fetch(TRAINING_ROUTES.jobs, { method: 'POST', headers, body }), 'bundle_invalid');
  const larger = body.replace('[', `[${' '.repeat(1_000_000)}`);
  await expectRefusal(await fetch(TRAINING_ROUTES.jobs, { method: 'POST', headers, body: larger }), 'message_too_long');
});

describe('the upload', () => {
  test('takes parts of any size, and no other offset than where it stands', async () => {
    const { job, token } = await client.created({ manifest: bundle.manifest, epochs: 1 });
    const sizes = [1, 7, 0, bundle.manifest.shards[0]!.bytes, 100];
    let at = 0;
    for (const size of sizes) {
      for (const wrong of [at + 1, at - 1].filter((offset) => offset >= 0)) {
        await expectRefusal(await client.send(job.job, token, wrong, new Uint8Array(1)), 'upload_offset_wrong');
      }
      await client.send(job.job, token, at, bundle.bytes.subarray(at, at + size));
      at += size;
      expect((await client.show(job.job, token)).uploaded).toBe(at);
    }
    await expectRefusal(await client.send(job.job, token, at, new Uint8Array(bundle.bytes.length)), 'message_too_long');
    await client.send(job.job, token, at, bundle.bytes.subarray(at));
    expect((await client.until(job.job, token, isOver)).state).toBe('done');
    await expectRefusal(await client.send(job.job, token, at, new Uint8Array(1)), 'job_state_wrong');
    // Asked again, because the answer to the last part was lost.
    const last = await client.send(job.job, token, bundle.bytes.length, new Uint8Array());
    expect(await last.json()).toEqual({ uploaded: bundle.bytes.length });
  });

  test('at once by two takes one of them', async () => {
    const { job, token } = await client.created({ manifest: bundle.manifest });
    const part = bundle.bytes.subarray(0, 1000);
    const answers = await Promise.all([1, 2, 3].map(() => client.send(job.job, token, 0, part)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect((await client.show(job.job, token)).uploaded).toBe(1000);
  });

  test('drops a shard that is not the one the manifest names, and goes on from its beginning', async () => {
    const { job, token } = await client.created({ manifest: bundle.manifest, epochs: 1 });
    const broken = bundle.bytes.slice();
    broken[broken.length - 1]! ^= 1;
    await expectRefusal(await client.send(job.job, token, 0, broken), 'bundle_corrupt');
    const { bytes } = bundle.manifest.shards[0]!;
    expect((await client.show(job.job, token)).uploaded).toBe(bytes);
    await client.send(job.job, token, bytes, bundle.bytes.subarray(bytes));
    expect((await client.until(job.job, token, isOver)).state).toBe('done');
  });

  test('refuses a shard that is what the manifest names, and no shard', async () => {
    const nonsense = new Uint8Array(1000).fill(3);
    const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', nonsense)).toString('hex');
    const shards = [{ file: '00000.safetensors', records: 3, bytes: 1000, sha256 }];
    const { job, token } = await client.created({ manifest: { ...bundle.manifest, shards } });
    await expectRefusal(await client.send(job.job, token, 0, nonsense), 'bundle_invalid');
  });

  test('goes on after the server has ended in the middle of a check', async () => {
    const { job, token } = await client.created({ manifest: bundle.manifest, epochs: 1 });
    await client.send(job.job, token, 0, bundle.bytes.subarray(0, -1));
    // The last byte came, and then the end: the file is whole and has not got its name.
    await appendFile(join(folder, job.job, 'bundle/00001.safetensors.part'), bundle.bytes.subarray(-1));
    const { uploaded } = await client.show(job.job, token);
    expect(uploaded).toBe(bundle.bytes.length);
    await client.send(job.job, token, uploaded, new Uint8Array());
    expect((await client.until(job.job, token, isOver)).state).toBe('done');
  });
});

describe('refusals', () => {
  test('an unknown job and a wrong token answer alike, on every route', async () => {
    const { job, token } = await client.created({ manifest: bundle.manifest });
    const answers = new Set<string>();
    for (const [id, shown] of [
      [job.job, '00'.repeat(32)],
      [job.job, ''],
      [job.job, token.slice(2)],
      ['00'.repeat(16), token],
      ['nonsense', token],
    ] as const) {
      const requests: [string, RequestInit][] = [
        [TRAINING_ROUTES.job(id), {}],
        [TRAINING_ROUTES.events(id), {}],
        [TRAINING_ROUTES.tail(id), {}],
        [TRAINING_ROUTES.cancellation(id), { method: 'POST' }],
        [TRAINING_ROUTES.job(id), { method: 'DELETE' }],
      ];
      for (const [path, init] of requests) {
        const response = await fetch(path, { ...init, headers: client.bearer(shown) });
        answers.add(`${response.status} ${await response.text()}`);
      }
      const part = await client.send(id, shown, 0, new Uint8Array(1));
      answers.add(`${part.status} ${await part.text()}`);
    }
    expect([...answers]).toEqual([expect.stringMatching(/^404 .*job_unknown/)]);
    expect((await client.show(job.job, token)).state).toBe('uploading');
  });

  test.each<[string, object, ErrorCode]>([
    ['of another encoder', { manifest: { ...bundle.manifest, encoder: '00'.repeat(8) } }, 'encoder_differs'],
    ['of one person', { manifest: { ...bundle.manifest, classes: 1 } }, 'bundle_invalid'],
    ['that is none', { manifest: { format: 'something else' } }, 'bundle_invalid'],
    ['without a manifest', {}, 'bundle_invalid'],
    [
      'with shards larger than their records',
      { manifest: { ...bundle.manifest, shards: bundle.manifest.shards.map((shard) => ({ ...shard, bytes: 4e9 })) } },
      'bundle_invalid',
    ],
    [
      'with hardly anything in any of its shards',
      {
        manifest: {
          ...bundle.manifest,
          records: 2_000,
          shards: Array.from({ length: 2_000 }, (_, i) => ({
            ...bundle.manifest.shards[0]!,
            file: `${String(i).padStart(5, '0')}.safetensors`,
          })),
        },
      },
      'bundle_too_large',
    ],
    ['for too many epochs', { manifest: bundle.manifest, epochs: 201 }, 'request_invalid'],
    ['for no epoch', { manifest: bundle.manifest, epochs: 0 }, 'request_invalid'],
  ])('a bundle %s', async (_, body, code) => {
    await expectRefusal(await client.create(body), code);
    expect(await readdir(folder)).toEqual([]);
  });

  test.each<[string, Partial<TrainingLimits>, ErrorCode]>([
    ['a bundle', { bundleBytes: bundle.bytes.length - 1 }, 'bundle_too_large'],
    ['a tenant', { tenantBytes: 2 * bundle.bytes.length - 1 }, 'quota_exceeded'],
    ['all tenants', { allBytes: 2 * bundle.bytes.length - 1 }, 'quota_exceeded'],
    ['jobs', { tenantJobs: 1 }, 'quota_exceeded'],
  ])('more than %s may have', async (what, limits, code) => {
    await queue.close();
    await open(limits);
    if (what !== 'a bundle') {
      const { job, token } = await client.created({ manifest: bundle.manifest });
      await expectRefusal(await client.create({ manifest: bundle.manifest }), code);
      await fetch(TRAINING_ROUTES.job(job.job), { method: 'DELETE', headers: client.bearer(token) });
      expect((await client.create({ manifest: bundle.manifest })).status).toBe(200);
    } else await expectRefusal(await client.create({ manifest: bundle.manifest }), code);
  });

  test('of many jobs at once more than a tenant may have', async () => {
    await queue.close();
    await open({ tenantJobs: 1 });
    const answers = await Promise.all([1, 2, 3].map(() => client.create({ manifest: bundle.manifest })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 429, 429]);
  });

  test('a machine that cannot train', async () => {
    await queue.close();
    await open({}, () => findTrainer('/nowhere/python'));
    await expectRefusal(await client.create({ manifest: bundle.manifest }), 'trainer_missing');
    await expect(findTrainer(process.execPath)).rejects.toThrow(XnnError);
  });
});

describe('what is not the fault of a job', () => {
  /** Minutes pass when a test says so. */
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await queue.close();
  });
  afterEach(() => vi.useRealTimers());
  const minute = () => vi.advanceTimersByTime(60_000);

  test.each(['SIGKILL', 'SIGTERM'] as const)('%s of its trainer does not end it', async (signal) => {
    await open();
    const { id, token } = await client.begin(bundle, 30);
    await client.until(id, token, ({ progress }) => (progress?.epoch ?? 0) >= 2);
    process.kill(await trainerOf(id), signal);
    await vi.waitFor(() => expect(JSON.stringify(logged)).toContain('training_interrupted'));
    minute();
    expect((await client.until(id, token, isOver)).state).toBe('done');
  });

  test('nor does a trainer that does not start, but for ten times', async () => {
    await open({}, () => Promise.resolve({ program: '/nowhere/python', args: [] }));
    const { id, token } = await client.begin(bundle, 1);
    const starts = () => logged.filter((entry) => 'event' in entry && entry.event === 'training_interrupted').length;
    for (let start = 1; start < 10; start++) {
      await vi.waitFor(() => expect(starts()).toBe(start));
      expect((await client.show(id, token)).state).toBe('running');
      minute();
    }
    expect(await client.until(id, token, isOver)).toMatchObject({ error: { code: 'training_failed' } });
  });

  test.each([
    [1, 'done'],
    [77, 'failed'],
  ] as const)(
    'a database that is away when it ends (%d) holds up no other, and it is noted soon',
    async (epochs, state) => {
      const rows = jobRows(driver);
      let away = true;
      const flaky: JobRows['move'] = async (...change) => {
        if (change[2] === state && away) {
          away = false;
          throw new Error('Connection terminated');
        }
        return rows.move(...change);
      };
      await open({}, undefined, { move: flaky });
      const [first, second] = [await client.begin(bundle, epochs), await client.begin(bundle, 1)];
      expect((await client.until(second.id, second.token, isOver)).state).toBe('done');
      minute();
      expect((await client.until(first.id, first.token, isOver)).state).toBe(state);
    },
  );

  test('nor are those who follow it told what the database says', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const rows = jobRows(driver);
    let left = 2;
    const away = () => Promise.reject(new Error('Key (token_hash)=(…)'));
    await open({}, undefined, { find: (id) => (left-- > 0 ? rows.find(id) : away()) });
    const { job, token } = await client.created({ manifest: bundle.manifest });
    left = 1;
    expect(await (await get(TRAINING_ROUTES.events(job.job), token)).text()).toBe('');
    expect(printed).not.toHaveBeenCalled();
    expect(JSON.stringify(logged)).not.toContain('token_hash');
    printed.mockRestore();
  });

  /** Process of a job's trainer; Linux shows it. */
  async function trainerOf(id: string): Promise<number> {
    for (const process of await readdir('/proc')) {
      const line = await readFile(`/proc/${process}/cmdline`, 'latin1').catch(() => '');
      if (line.includes(FAKE_TRAINER.args[0]!) && line.includes(id)) return Number(process);
    }
    throw new Error('no trainer');
  }
});

describe('the end of the server', () => {
  test('stops a training, and the next one goes on with it', async () => {
    const { id, token } = await client.begin(bundle, 8);
    await client.until(id, token, ({ progress }) => (progress?.epoch ?? 0) >= 3);
    await queue.close();
    expect(await readdir(join(folder, id))).toContain('recnet.onnx.checkpoint');
    await open();
    const epochs: number[] = [];
    const done = await client.until(id, token, (job) => {
      epochs.push(job.progress?.epoch ?? 0);
      return isOver(job);
    });
    expect(done).toMatchObject({ state: 'done', progress: { epoch: 8 } });
    expect(Math.min(...epochs)).toBeGreaterThanOrEqual(3);
  });

  test('between the trainer and the note of it loses nothing, and who follows is told', async () => {
    const { id, token } = await client.begin(bundle, 1);
    await client.until(id, token, isOver);
    await queue.close();
    await driver.query("UPDATE training_jobs SET state = 'running'");
    let find: (command: TrainerCommand) => void = () => {};
    const found = new Promise<TrainerCommand>((resolve) => (find = resolve));
    await open({}, () => found);
    const events = await get(TRAINING_ROUTES.events(id), token);
    expect(await client.show(id, token)).toMatchObject({ state: 'running' });
    find(FAKE_TRAINER);
    expect(await jobsOf(events)).toMatchObject([{ state: 'running' }, { state: 'done', report: { records: 3 } }]);
  });

  test('leaves no file that belongs to no job, and what is abandoned goes', async () => {
    const { job, token } = await client.created({ manifest: bundle.manifest });
    const other = await client.begin(bundle, 1);
    await client.until(other.id, other.token, isOver);
    await mkdir(join(folder, 'ab'.repeat(16)));
    await queue.sweep();
    expect((await readdir(folder)).sort()).toEqual([job.job, other.id].sort());
    // An upload sooner, also if it was asked about since; an empty part is no sign of life.
    now += 86_400_000;
    await client.send(job.job, token, 0, new Uint8Array());
    now += 1;
    await queue.sweep();
    await expectRefusal(await get(TRAINING_ROUTES.job(job.job), token), 'job_unknown');
    expect(await readdir(folder)).toEqual([other.id]);
    now += USUAL_LIMITS.kept;
    await queue.sweep();
    expect(await readdir(folder)).toEqual([]);
  });

  test('leaves a job that is being made to who makes it', async () => {
    const rows = jobRows(driver);
    const sweeps: Promise<void>[] = [];
    await queue.close();
    await open({}, undefined, {
      async add(job) {
        sweeps.push(queue.sweep());
        await sleep(50);
        await rows.add(job);
      },
    });
    const { id, token } = await client.begin(bundle, 1);
    await Promise.all(sweeps);
    expect((await client.until(id, token, isOver)).state).toBe('done');
  });

  test('and of the files of a job that waits lets the job go in the end, and no other that waits', async () => {
    const [kept, lost] = [await client.begin(bundle, 190), await client.begin(bundle, 190)];
    await rm(join(folder, lost.id), { recursive: true });
    now += USUAL_LIMITS.kept + 1;
    await queue.sweep();
    await expectRefusal(await get(TRAINING_ROUTES.job(lost.id), lost.token), 'job_unknown');
    expect((await client.show(kept.id, kept.token)).state).toBe('running');
  });

  test('by kill -9, in the upload and in the training, loses nothing', { timeout: 120_000 }, async () => {
    const start = async () => {
      const script = fileURLToPath(new URL('./testing.child.ts', import.meta.url));
      const child = spawn(process.execPath, ['--import', 'tsx', script, join(folder, 'data')], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
      const over: Fetch = (path, init) => globalThis.fetch(`http://127.0.0.1:${port}${path}`, init);
      return { child, client: trainingClient(over), fetch: over };
    };
    const kill = async (child: ChildProcess) => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    };
    let server = await start();
    const { job, token } = await server.client.created({ manifest: bundle.manifest, epochs: 30 });
    const part = bundle.bytes.length - 500;
    await server.client.send(job.job, token, 0, bundle.bytes.subarray(0, part));
    await kill(server.child);

    server = await start();
    expect(await server.client.show(job.job, token)).toMatchObject({ state: 'uploading', uploaded: part });
    await server.client.send(job.job, token, part, bundle.bytes.subarray(part));
    const { progress } = await server.client.until(job.job, token, (now) => (now.progress?.epoch ?? 0) >= 3);
    await kill(server.child);

    server = await start();
    const steps: number[] = [];
    const done = await server.client.until(job.job, token, (now) => {
      steps.push(now.progress?.epoch ?? 0);
      return isOver(now);
    });
    expect(done).toMatchObject({ state: 'done', progress: { epoch: 30 } });
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(progress!.epoch);
    const tail = await server.fetch(TRAINING_ROUTES.tail(job.job), { headers: server.client.bearer(token) });
    expect(new Uint8Array(await tail.arrayBuffer())).toEqual(
      await read(folder, 'data/training-jobs', job.job, 'recnet.onnx'),
    );
    await kill(server.child);
  });
});
