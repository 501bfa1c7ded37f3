import { EventEmitter } from 'node:events';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sentence, XnnError } from '../../core/errors.js';
import { FEATURE_VALUES, TOKEN_COUNT } from '../../core/spec.js';
import { decodeShard, MANIFEST_FILE, type BundleManifest } from '../../wire/bundle.js';
import { fromHex, toHex } from '../../wire/hex.js';
import {
  ID_BYTES,
  tailReportSchema,
  type Job,
  type JobState,
  type TailReport,
  type TrainingProgress,
} from '../../wire/training.js';
import type { LogEntry } from '../app.js';
import { append, received, type Upload } from '../upload.js';
import type { JobRow, JobRows } from './rows.js';
import { startTraining, type TrainerCommand, type Training } from './trainer.js';

/** What a cloud takes upon itself. Bytes are of bundles that are here or on their way. */
export interface TrainingLimits {
  readonly bundleBytes: number;
  readonly tenantBytes: number;
  readonly allBytes: number;
  readonly tenantJobs: number;
  readonly epochs: number;
  /** Jobs that are trained at once. */
  readonly atOnce: number;
  /** What nothing happened to for so long is deleted, in ms. */
  readonly kept: number;
}

export const USUAL_LIMITS: TrainingLimits = {
  bundleBytes: 4e9,
  tenantBytes: 1e10,
  allBytes: 5e10,
  tenantJobs: 20,
  epochs: 200,
  atOnce: 1,
  kept: 30 * 86_400_000,
};

export interface QueueParts {
  readonly rows: JobRows;
  /** A folder for each job is made in it, and nothing is written elsewhere. */
  readonly folder: string;
  /** @throws trainer_missing */
  readonly trainer: () => Promise<TrainerCommand>;
  readonly limits: TrainingLimits;
  /** In ms since 1970. */
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
}

/** A record in a shard, and more than the shard's header takes. */
const RECORD_BYTES = FEATURE_VALUES + 4 * TOKEN_COUNT + 4;
const MOST_HEADER_BYTES = 4096;
const SWEEP_EVERY = 3_600_000;
const TAIL = 'recnet.onnx';
const REPORT = 'recnet.json';

/** Takes bundles, has them trained one after another, and keeps what came of it. What was under way when the server ended goes on. */
export class TrainingQueue {
  readonly #parts: QueueParts;
  readonly #trainings = new Map<string, Training>();
  readonly #changes = new EventEmitter().setMaxListeners(0);
  /** The last piece of work of each job: parts of one upload never mix. */
  readonly #busy = new Map<string, Promise<unknown>>();
  readonly #pending = new Set<Promise<void>>();
  #filling: Promise<void> = Promise.resolve();
  #closing = false;
  readonly #sweeper: NodeJS.Timeout;

  constructor(parts: QueueParts) {
    this.#parts = parts;
    this.#sweeper = setInterval(() => this.#noted(this.start()), SWEEP_EVERY).unref();
  }

  /** Goes on with what was under way. Done again every hour: a job may have found no trainer, or the database away. */
  async start(): Promise<void> {
    await this.sweep();
    this.#noted(this.#fill());
  }

  /** Stops what is trained, with checkpoints, so that `start` goes on with it. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#sweeper);
    this.#changes.emit('close');
    await this.#filling;
    const ended = [...this.#trainings.values()].map((training) => {
      training.stop();
      return training.ended;
    });
    await Promise.all(ended);
    await Promise.all([...this.#pending, ...this.#busy.values()]);
  }

  /**
   * @param tokenHash of the token that every later request about it must show
   * @throws bundle_invalid, bundle_too_large, quota_exceeded, request_invalid, trainer_missing
   */
  async create(job: Pick<JobRow, 'id' | 'tenant' | 'tokenHash' | 'epochs'>, manifest: BundleManifest): Promise<Job> {
    const { rows, limits, trainer, now } = this.#parts;
    for (const { file, bytes, records } of manifest.shards) {
      if (bytes > records * RECORD_BYTES + MOST_HEADER_BYTES)
        throw new XnnError('bundle_invalid', `${file}: ${bytes} bytes`);
    }
    const bytes = manifest.shards.reduce((sum, shard) => sum + shard.bytes, 0);
    if (job.epochs > limits.epochs) throw new XnnError('request_invalid', `at most ${limits.epochs} epochs`);
    if (bytes > limits.bundleBytes) throw new XnnError('bundle_too_large', `${bytes} of ${limits.bundleBytes} bytes`);
    const [own, all] = [await rows.usage(job.tenant), await rows.usage()];
    if (own.jobs >= limits.tenantJobs) throw new XnnError('quota_exceeded', `${own.jobs} jobs`);
    if (own.bytes + bytes > limits.tenantBytes)
      throw new XnnError('quota_exceeded', `${own.bytes} bytes of one tenant`);
    if (all.bytes + bytes > limits.allBytes) throw new XnnError('quota_exceeded', `${all.bytes} bytes`);
    await trainer();
    const bundle = join(this.#folder(job.id), 'bundle');
    await mkdir(bundle, { recursive: true, mode: 0o700 });
    await writeFile(join(bundle, MANIFEST_FILE), JSON.stringify(manifest));
    const row: JobRow = {
      ...job,
      state: 'uploading',
      manifest,
      bytes,
      progress: null,
      error: null,
      createdAt: new Date(now()),
    };
    await rows.add(row);
    return this.#describe(row);
  }

  /** Adds a part of the bundle; with its last, the job is queued. @returns bytes that are here. @throws what `append` throws */
  append(id: Uint8Array, offset: number, part: Uint8Array): Promise<number> {
    return this.#alone(id, async () => {
      const { rows, now } = this.#parts;
      const row = await this.#row(id);
      if (row.state !== 'uploading') throw new XnnError('job_state_wrong', row.state);
      const uploaded = await append(this.#upload(row), offset, part);
      await rows.touch(id, new Date(now()));
      if (uploaded === row.bytes) {
        await rows.move(id, ['uploading'], 'queued', new Date(now()));
        this.#noted(this.#fill());
      }
      this.#changed(id);
      return uploaded;
    });
  }

  async describe(id: Uint8Array): Promise<Job> {
    return this.#describe(await this.#row(id));
  }

  async list(tokenHash: Uint8Array): Promise<readonly Job[]> {
    const jobs = await this.#parts.rows.ofToken(tokenHash);
    return Promise.all(jobs.map((row) => this.#describe(row)));
  }

  /** A job as it stands, and again after every change, until it has come to an end, is deleted, or the server ends. */
  async *follow(id: Uint8Array, signal: AbortSignal): AsyncGenerator<Job> {
    let wake = () => {};
    let changed = true;
    const note = () => {
      changed = true;
      wake();
    };
    const name = toHex(id);
    this.#changes.on(name, note).on('close', note);
    signal.addEventListener('abort', note);
    try {
      while (!signal.aborted && !this.#closing) {
        if (!changed) await new Promise<void>((resolve) => (wake = resolve));
        if (signal.aborted || this.#closing) return;
        changed = false;
        const row = await this.#parts.rows.find(id);
        if (row === null) return;
        yield await this.#describe(row);
        if (isOver(row.state)) return;
      }
    } finally {
      this.#changes.off(name, note).off('close', note);
    }
  }

  /** @throws job_state_wrong if it has come to an end */
  async cancel(id: Uint8Array): Promise<Job> {
    const { rows, now } = this.#parts;
    const moved = await rows.move(id, ['uploading', 'queued', 'running'], 'cancelled', new Date(now()));
    if (!moved) throw new XnnError('job_state_wrong', (await this.#row(id)).state);
    await this.#halt(id);
    await this.#alone(id, () => this.#drop(id, false));
    this.#changed(id);
    return this.describe(id);
  }

  /** Deletes a job and all of its files. */
  async remove(id: Uint8Array): Promise<void> {
    const { rows, now } = this.#parts;
    await rows.move(id, ['uploading', 'queued', 'running'], 'cancelled', new Date(now()));
    await this.#halt(id);
    await this.#alone(id, async () => {
      await rm(this.#folder(id), { recursive: true, force: true });
      await rows.remove(id);
    });
    this.#changed(id);
    // Its place is free.
    this.#noted(this.#fill());
  }

  /** The trained tail. @throws job_state_wrong unless it is done */
  async tail(id: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const { state } = await this.#row(id);
    if (state !== 'done') throw new XnnError('job_state_wrong', state);
    return new Uint8Array(await readFile(join(this.#folder(id), TAIL)));
  }

  /** Deletes what was abandoned, and files that belong to no job or are no longer needed. */
  async sweep(): Promise<void> {
    const { rows, folder, limits, now } = this.#parts;
    for (const { id } of await rows.abandoned(new Date(now() - limits.kept))) await this.remove(id);
    for (const name of await readdir(folder).catch(() => [])) {
      const id = /^[0-9a-f]{32}$/.test(name) ? fromHex(name, ID_BYTES) : null;
      if (id === null) continue;
      await this.#alone(id, async () => {
        const row = await rows.find(id);
        if (row === null) await rm(join(folder, name), { recursive: true });
        else if (isOver(row.state)) await this.#drop(id, row.state === 'done');
      });
    }
  }

  /** Starts what waits, as long as there is a place. */
  #fill(): Promise<void> {
    const filled = this.#filling.then(async () => {
      for (const row of await this.#parts.rows.waiting()) {
        if (this.#closing || this.#trainings.size >= this.#parts.limits.atOnce) return;
        // Of another server on the same database, which has the files.
        const isHere = await stat(this.#folder(row.id)).catch(() => null);
        if (isHere !== null && !this.#trainings.has(toHex(row.id))) await this.#begin(row);
      }
    });
    this.#filling = filled.catch(() => {});
    return filled;
  }

  async #begin({ id, epochs }: JobRow): Promise<void> {
    const { rows, trainer, log, now } = this.#parts;
    const command = await trainer();
    if (!(await rows.move(id, ['queued', 'running'], 'running', new Date(now())))) return;
    const folder = this.#folder(id);
    // The trainer had ended, and this server before it could note that.
    if ((await this.#report(id)) !== null) {
      await this.#alone(id, () => this.#drop(id, true));
      await rows.move(id, ['running'], 'done', new Date(now()));
      this.#changed(id);
      return;
    }
    const training = startTraining(command, {
      bundle: join(folder, 'bundle'),
      out: join(folder, TAIL),
      epochs,
      folder,
      onProgress: (progress) => this.#noted(this.#progressed(id, progress)),
    });
    this.#trainings.set(toHex(id), training);
    this.#changed(id);
    log({ level: 'info', event: 'training_started', job: toHex(id) });
    this.#noted(training.ended.then(() => this.#finish(id, training)));
  }

  async #progressed(id: Uint8Array, progress: TrainingProgress): Promise<void> {
    await this.#parts.rows.setProgress(id, progress, new Date(this.#parts.now()));
    this.#changed(id);
  }

  async #finish(id: Uint8Array, training: Training): Promise<void> {
    const { rows, log, now } = this.#parts;
    const end = await training.ended;
    this.#trainings.delete(toHex(id));
    // Killed or asked to stop because this server ends: the next one goes on with it.
    if (end.kind === 'stopped' && this.#closing) return;
    if (end.kind === 'stopped') await this.#alone(id, () => this.#drop(id, false));
    else {
      const isWhole = end.kind === 'done' && (await this.#report(id)) !== null;
      const code = end.kind === 'refused' ? end.code : 'training_failed';
      await this.#alone(id, () => this.#drop(id, isWhole));
      await rows.move(id, ['running'], isWhole ? 'done' : 'failed', new Date(now()), isWhole ? undefined : code);
      if (end.kind === 'crashed') log({ level: 'error', code, job: toHex(id), error: end.detail });
    }
    this.#changed(id);
    log({ level: 'info', event: `training_${end.kind}`, job: toHex(id) });
    await this.#fill();
  }

  /** Ends a training and waits for it. */
  async #halt(id: Uint8Array): Promise<void> {
    const training = this.#trainings.get(toHex(id));
    training?.kill();
    await training?.ended;
  }

  /** Of a job that is over nothing is kept but the result. */
  async #drop(id: Uint8Array, withResult: boolean): Promise<void> {
    const folder = this.#folder(id);
    for (const name of await readdir(folder).catch(() => [])) {
      if (withResult && (name === TAIL || name === REPORT)) continue;
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }

  async #row(id: Uint8Array): Promise<JobRow> {
    const row = await this.#parts.rows.find(id);
    if (row === null) throw new XnnError('job_unknown');
    return row;
  }

  async #describe(row: JobRow): Promise<Job> {
    const { id, state, createdAt, manifest, epochs, bytes, progress, error } = row;
    const waiting = state === 'queued' ? await this.#parts.rows.waiting() : [];
    return {
      job: toHex(id),
      state,
      created: createdAt.toISOString(),
      key: manifest.key,
      records: manifest.records,
      epochs,
      bytes,
      uploaded: state === 'uploading' ? await received(this.#upload(row)) : bytes,
      ahead: state === 'queued' ? waiting.findIndex((other) => toHex(other.id) === toHex(id)) : null,
      progress,
      error: error === null ? null : { code: error, message: sentence(error) },
      report: state === 'done' ? await this.#report(id) : null,
    };
  }

  async #report(id: Uint8Array): Promise<TailReport | null> {
    const text = await readFile(join(this.#folder(id), REPORT), 'utf8').catch(() => 'null');
    return tailReportSchema.nullable().parse(JSON.parse(text));
  }

  #upload({ id, manifest }: JobRow): Upload {
    return {
      folder: join(this.#folder(id), 'bundle'),
      files: manifest.shards,
      corrupt: 'bundle_corrupt',
      check: (bytes, index) => void decodeShard(bytes, manifest.shards[index]!, manifest),
    };
  }

  #folder(id: Uint8Array): string {
    return join(this.#parts.folder, toHex(id));
  }

  #changed(id: Uint8Array): void {
    this.#changes.emit(toHex(id));
  }

  /** Does work on a job's files after all that was begun before. */
  #alone<T>(id: Uint8Array, work: () => Promise<T>): Promise<T> {
    const name = toHex(id);
    const done = (this.#busy.get(name) ?? Promise.resolve()).then(work);
    const settled = done.then(
      () => {},
      () => {},
    );
    this.#busy.set(name, settled);
    void settled.then(() => {
      if (this.#busy.get(name) === settled) this.#busy.delete(name);
    });
    return done;
  }

  /** Work that nobody waits for: its failure is logged. */
  #noted(work: Promise<unknown>): void {
    const done = work.then(
      () => {},
      (error: unknown) => {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        this.#parts.log({ level: 'error', code: 'internal', error: error instanceof XnnError ? message : name });
      },
    );
    this.#pending.add(done);
    void done.then(() => this.#pending.delete(done));
  }
}

function isOver(state: JobState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}
