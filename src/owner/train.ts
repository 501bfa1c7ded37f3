import { access, constants, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { XnnError, type ErrorCode } from '../core/errors.js';
import { MANIFEST_FILE, type BundleManifest } from '../wire/bundle.js';
import { DEFAULT_EPOCHS, tailReportSchema, type Job, type TailReport } from '../wire/training.js';
import { openBundle } from './bundle.js';
import type { OwnerCloud } from './cloud.js';
import { exists, readJson, replaceFile, sha256, writing } from './files.js';
import { changeLedger, readLedger, type KnownJob } from './ledger.js';
import { AGAIN, sendAll } from './upload.js';

export interface TrainOptions {
  readonly cloud: OwnerCloud;
  /** Folder of the bundle. */
  readonly bundle: string;
  /** Where the tail goes, ending in .onnx; its report lies beside it. */
  readonly out: string;
  readonly epochs?: number | undefined;
  readonly onUpload: (done: number, total: number) => void;
  readonly onJob: (job: Job) => void;
}

/** Where the report of a tail lies. @throws request_invalid */
export function reportFile(tail: string): string {
  if (!tail.endsWith('.onnx')) throw new XnnError('request_invalid', `${tail} does not end in .onnx`);
  return tail.replace(/\.onnx$/, '.json');
}

/**
 * Has a bundle trained and fetches the tail. Called again for the same bundle and cloud, goes on with the job that was begun.
 *
 * @throws file_exists; file_unwritable before anything is sent, if there is no such folder; what `openBundle` throws; what the cloud refuses with; the code of a job that failed; job_state_wrong if it was
 *   cancelled; model_hash_wrong if another tail came than the report says
 */
export async function trainInCloud(options: TrainOptions): Promise<TailReport> {
  const { cloud, bundle, out, onUpload, onJob } = options;
  if (await exists(out)) throw new XnnError('file_exists', out);
  const description = reportFile(out);
  // A report without its network is what a kill left between the two.
  const isReport = tailReportSchema.safeParse(await readJson(description)).success;
  if (!isReport && (await exists(description))) throw new XnnError('file_exists', description);
  await writing(out, () => access(dirname(out), constants.W_OK));
  const manifest = await openBundle(bundle);
  const known = await begun(options, manifest);
  const { job: id, token } = known;
  let job = await cloud.job(id, token);
  onJob(job);
  if (job.state === 'uploading') {
    await sendAll({
      files: manifest.shards.map(({ file, bytes }) => ({ path: join(bundle, file), bytes })),
      stands: async () => (await cloud.job(id, token)).uploaded,
      send: (offset, part) => cloud.sendBundle(id, token, offset, part),
      onProgress: onUpload,
      // Another command may have sent the rest, or the job was cancelled: which it was is seen next.
    }).catch(unless('job_state_wrong'));
  }
  job = await followed(cloud, known, onJob);
  if (job.state !== 'done') {
    // Where that fails now it stays in the list, for "xnn jobs delete".
    await forgetJob(cloud, known).catch(() => {});
    throw new XnnError(job.error?.code ?? 'job_state_wrong', `job ${id} ${job.state}`);
  }
  if (job.report === null) throw new XnnError('reply_invalid', `job ${id} is done and has no report`);
  const tail = await cloud.tail(id, token);
  if (tail.length !== job.report.bytes || sha256(tail) !== job.report.sha256)
    throw new XnnError('model_hash_wrong', id);
  // The report first: who finds the tail finds both whole.
  await replaceFile(description, `${JSON.stringify(job.report, null, 1)}\n`);
  await replaceFile(out, tail);
  return job.report;
}

/** Deletes a job in its cloud, unless it is gone there already, and then its token here. */
export async function forgetJob(cloud: OwnerCloud, { job: id, token }: KnownJob): Promise<void> {
  await cloud.deleteJob(id, token).catch(unless('job_unknown'));
  await changeLedger((ledger) => ({ ...ledger, jobs: ledger.jobs.filter((other) => other.job !== id) }));
}

/** For `catch`: an error of this code is well, any other is thrown on. */
export function unless(code: ErrorCode): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof XnnError) || error.code !== code) throw error;
  };
}

/** The job of this bundle that was begun on this machine and not deleted since, or a new one. */
async function begun({ cloud, bundle, epochs }: TrainOptions, manifest: BundleManifest): Promise<KnownJob> {
  const hash = sha256(await readFile(join(bundle, MANIFEST_FILE)));
  const { jobs } = await readLedger();
  for (const known of jobs.filter((job) => job.cloud === cloud.address && job.sha256 === hash)) {
    const job = await cloud.job(known.job, known.token).catch((error: unknown) => {
      if (error instanceof XnnError && error.code === 'job_unknown') return null;
      throw error;
    });
    if (job !== null && job.state !== 'failed' && job.state !== 'cancelled' && (epochs ?? job.epochs) === job.epochs) {
      return known;
    }
  }
  const earlier = jobs.find((job) => job.cloud === cloud.address)?.token;
  const request = { manifest, epochs: epochs ?? DEFAULT_EPOCHS };
  const { job, token } = await cloud.createJob(request, earlier).catch((cause: unknown) => {
    if (epochs === undefined || !(cause instanceof XnnError) || cause.code !== 'request_invalid') throw cause;
    throw new XnnError('request_invalid', `the cloud may not take as many as ${epochs} epochs`, { cause });
  });
  const made = { cloud: cloud.address, job: job.job, token, created: job.created, bundle, sha256: hash };
  await changeLedger((ledger) => ({ ...ledger, jobs: [...ledger.jobs, made] })).catch(async (error: unknown) => {
    // Nobody would have its token.
    await cloud.deleteJob(job.job, token).catch(() => {});
    throw error;
  });
  return made;
}

/** Follows a job until it is over, over as many connections as that takes. */
async function followed(cloud: OwnerCloud, { job: id, token }: KnownJob, onJob: (job: Job) => void): Promise<Job> {
  for (let silent = 0; ; silent++) {
    try {
      for await (const job of cloud.follow(id, token)) {
        silent = 0;
        onJob(job);
        if (job.state === 'done' || job.state === 'failed' || job.state === 'cancelled') return job;
      }
    } catch (error) {
      if (!(error instanceof XnnError) || !AGAIN.includes(error.code) || silent > 60) throw error;
    }
    // The cloud was restarted, or something between cut a long connection.
    await sleep(Math.min(10_000, 1000 * 2 ** silent));
  }
}
