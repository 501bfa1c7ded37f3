import { EventEmitter } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sentence, XnnError, type ErrorCode } from '../../core/errors.js';
import { FEATURE_VALUES, TOKEN_COUNT } from '../../core/spec.js';
import { decodeShard, MANIFEST_FILE, SHARD_RECORDS, type BundleManifest } from '../../wire/bundle.js';
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
import { hasCode } from '../has-code.js';
import { append, received, type Upload } from '../upload.js';
import type { JobRow, JobRows } from './rows.js';
import { parsed, startTraining, type TrainerCommand, type Training } from './trainer.js';

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
/** Each shard costs time whenever its job is read: so many may hold anything, and more only as many as full ones of four bundles do. */
const FEW_SHARDS = 100;
/** Who may follow one job at once; a connection that broke is noticed late. */
const MOST_FOLLOWERS = 32;
const SWEEP_EVERY = 3_600_000;
/** How often what waits is looked at: a job may have found no trainer, or the database away. In ms. */
const FILL_EVERY = 60_000;
/** Of one job, before it counts as failed. */
const MOST_INTERRUPTIONS = 10;
/** An upload that nothing came for so long is abandoned, in ms. */
const UPLOAD_KEPT = 86_400_000;
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
  #creating: Promise<unknown> = Promise.resolve();
  /** How often the trainer of each job was ended from outside, since this server began. */
  readonly #interruptions = new Map<string, number>();
  /** Jobs whose trainer was, until what waits is looked at next. */
  readonly #resting = new Set<string>();
  #closing = false;
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(parts: QueueParts) {
    this.#parts = parts;
    const fill = () => {
      this.#resting.clear();
      this.#noted(this.#fill());
    };
    this.#timers = [
      setInterval(() => this.#noted(this.sweep()), SWEEP_EVERY).unref(),
      setInterval(fill, FILL_EVERY).unref(),
    ];
  }

  /** Goes on with what was under way. */
  async start(): Promise<void> {
    await this.sweep();
    this.#noted(this.#fill());
  }

  /** Stops what is trained, with checkpoints, so that `start` goes on with it. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const timer of this.#timers) clearInterval(timer);
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
    const { limits, trainer, now } = this.#parts;
    for (const { file, bytes, records } of manifest.shards) {
      if (bytes > records * RECORD_BYTES + MOST_HEADER_BYTES)
        throw new XnnError('bundle_invalid', `${file}: ${bytes} bytes`);
    }
    const bytes = manifest.shards.reduce((sum, shard) => sum + shard.bytes, 0);
    if (job.epochs > limits.epochs) throw new XnnError('request_invalid', `at most ${limits.epochs} epochs`);
    if (bytes > limits.bundleBytes) throw new XnnError('bundle_too_large', `${bytes} of ${limits.bundleBytes} bytes`);
    const mostShards = FEW_SHARDS + (4 * limits.bundleBytes) / (SHARD_RECORDS * RECORD_BYTES);
    if (manifest.shards.length > mostShards) {
      throw new XnnError('bundle_too_large', `${manifest.shards.length} of ${Math.floor(mostShards)} shards`);
    }
    await trainer();
    const row: JobRow = {
      ...job,
      state: 'uploading',
      manifest,
      bytes,
      progress: null,
      error: null,
      createdAt: new Date(now()),
    };
    // Nobody adds another between counting and adding; and no sweep takes the folder for one that belongs to no job.
    const added = this.#creating.then(() => this.#alone(job.id, () => this.#add(row)));
    this.#creating = added.catch(() => {});
    await added;
    return this.#describe(row);
  }

  /** @throws quota_exceeded */
  async #add(row: JobRow): Promise<void> {
    const { rows, limits } = this.#parts;
    const [own, all] = [await rows.usage(row.tenant), await rows.usage()];
    if (own.jobs >= limits.tenantJobs) throw new XnnError('quota_exceeded', `${own.jobs} jobs`);
    if (own.bytes + row.bytes > limits.tenantBytes)
      throw new XnnError('quota_exceeded', `${own.bytes} bytes of one tenant`);
    if (all.bytes + row.bytes > limits.allBytes) throw new XnnError('quota_exceeded', `${all.bytes} bytes`);
    const bundle = join(this.#folder(row.id), 'bundle');
    await mkdir(bundle, { recursive: true, mode: 0o700 });
    await writeFile(join(bundle, MANIFEST_FILE), JSON.stringify(row.manifest));
    await rows.add(row);
  }

  /** Adds a part of the bundle; with its last, the job is queued. @returns bytes that are here. @throws what `append` throws */
  append(id: Uint8Array, offset: number, part: Uint8Array): Promise<number> {
    return this.#alone(id, async () => {
      const { rows, now } = this.#parts;
      const row = await this.#row(id);
      if (row.state !== 'uploading') {
        const isTrained = row.state === 'queued' || row.state === 'running' || row.state === 'done';
        // All is here; the answer to the last part was lost.
        if (isTrained && offset === row.bytes && part.length === 0) return offset;
        throw new XnnError('job_state_wrong', row.state);
      }
      const uploaded = await append(this.#upload(row), offset, part);
      if (part.length > 0) await rows.touch(id, new Date(now()));
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

  /** @throws overloaded if too many follow a job already */
  admitFollower(id: Uint8Array): void {
    if (this.#changes.listenerCount(toHex(id)) >= MOST_FOLLOWERS) throw new XnnError('overloaded', 'who follow a job');
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

  /** The trained tail, read as it is taken: who takes nothing of it holds no memory. @throws job_state_wrong unless it is done */
  async tail(id: Uint8Array): Promise<{ readonly size: number; readonly content: ReadableStream<Uint8Array> }> {
    const { state } = await this.#row(id);
    if (state !== 'done') throw new XnnError('job_state_wrong', state);
    const path = join(this.#folder(id), TAIL);
    const { size } = await stat(path);
    return { size, content: contentOf(path) };
  }

  /** Deletes what was abandoned, and files that belong to no job or are no longer needed. */
  async sweep(): Promise<void> {
    const { rows, folder, limits, now } = this.#parts;
    for (const { id, state } of await rows.abandoned(new Date(now() - limits.kept), new Date(now() - UPLOAD_KEPT))) {
      // One that waits for the trainer goes only where its files are gone.
      const waits = (state === 'queued' || state === 'running') && (await isThere(this.#folder(id)));
      if (!waits) await this.remove(id);
    }
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
      if (this.#closing) return;
      let command: TrainerCommand | null = null;
      for (const row of await this.#parts.rows.waiting()) {
        if (this.#closing || this.#trainings.size >= this.#parts.limits.atOnce) return;
        const name = toHex(row.id);
        if (this.#trainings.has(name) || this.#resting.has(name)) continue;
        // Of another server on the same database, which has the files.
        if (!(await isThere(this.#folder(row.id)))) continue;
        command ??= await this.#parts.trainer();
        // One that cannot be begun holds up no other.
        await this.#begin(row, command).catch((error: unknown) => this.tell(error));
      }
    });
    this.#filling = filled.catch(() => {});
    return filled;
  }

  async #begin({ id, epochs }: JobRow, command: TrainerCommand): Promise<void> {
    const { rows, log, now } = this.#parts;
    if (!(await rows.move(id, ['queued', 'running'], 'running', new Date(now())))) return;
    const folder = this.#folder(id);
    const bundle = join(folder, 'bundle');
    // The trainer had ended, and this server or the database before that was noted.
    if ((await this.#report(id)) !== null) return this.#note(id, null);
    if (!(await isThere(bundle))) return this.#note(id, 'training_failed');
    const training = startTraining(command, {
      bundle,
      out: join(folder, TAIL),
      epochs,
      folder,
      onProgress: (progress) => this.#noted(this.#progressed(id, progress)),
    });
    this.#trainings.set(toHex(id), training);
    this.#changed(id);
    log({ level: 'info', event: 'training_started', job: toHex(id) });
    this.#noted(training.ended.then(() => this.#finish(id, training)).finally(() => this.#noted(this.#fill())));
  }

  async #progressed(id: Uint8Array, progress: TrainingProgress): Promise<void> {
    await this.#parts.rows.setProgress(id, progress, new Date(this.#parts.now()));
    this.#changed(id);
  }

  async #finish(id: Uint8Array, training: Training): Promise<void> {
    const { log } = this.#parts;
    const end = await training.ended;
    this.#trainings.delete(toHex(id));
    // Killed or asked to stop because this server ends: the next one goes on with it.
    if (end.kind === 'stopped' && this.#closing) return;
    const name = toHex(id);
    const interruptions = (this.#interruptions.get(name) ?? 0) + 1;
    if (end.kind === 'interrupted' && interruptions < MOST_INTERRUPTIONS) {
      // By no fault of the job, which stays as it is and goes on from its checkpoint within a minute.
      this.#interruptions.set(name, interruptions);
      this.#resting.add(name);
      log({ level: 'error', event: 'training_interrupted', job: name, error: end.detail });
      return;
    }
    this.#interruptions.delete(name);
    log({ level: 'info', event: `training_${end.kind}`, job: name });
    if ('detail' in end) log({ level: 'error', code: 'training_failed', job: name, error: end.detail });
    const isWhole = end.kind === 'done' && (await this.#report(id)) !== null;
    const code = end.kind === 'refused' ? end.code : 'training_failed';
    await this.#note(id, isWhole ? null : code);
  }

  /** Notes that a training is over, unless its job has been cancelled. @param code why it failed, or null */
  async #note(id: Uint8Array, code: ErrorCode | null): Promise<void> {
    const { rows, now } = this.#parts;
    await this.#alone(id, () => this.#drop(id, code === null));
    await rows.move(id, ['running'], code === null ? 'done' : 'failed', new Date(now()), code ?? undefined);
    this.#changed(id);
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
    const text = await readFile(join(this.#folder(id), REPORT), 'utf8').catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return '';
      throw error;
    });
    return tailReportSchema.safeParse(parsed(text)).data ?? null;
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

  /** Logs what went wrong where nobody waits for it. */
  tell(error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    this.#parts.log({ level: 'error', code: 'internal', error: error instanceof XnnError ? message : name });
  }

  /** Work that nobody waits for: its failure is logged. */
  #noted(work: Promise<unknown>): void {
    const done = work.then(
      () => {},
      (error: unknown) => this.tell(error),
    );
    this.#pending.add(done);
    void done.then(() => this.#pending.delete(done));
  }
}

/** A file that is opened when its first part is asked for, which it may never be. */
function contentOf(path: string): ReadableStream<Uint8Array> {
  const parts = (async function* () {
    yield* createReadStream(path) as AsyncIterable<Uint8Array>;
  })();
  const source = {
    async pull(stream: ReadableStreamDefaultController<Uint8Array>) {
      const { done, value } = await parts.next();
      if (done) stream.close();
      else stream.enqueue(value);
    },
    async cancel() {
      await parts.return();
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function isOver(state: JobState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}
