import { parseArgs } from 'node:util';
import { sentence, XnnError } from '../../core/errors.js';
import { ownerCloud, type OwnerCloud } from '../../owner/cloud.js';
import { knownJob, readLedger, type KnownJob } from '../../owner/ledger.js';
import { forgetJob } from '../../owner/train.js';
import type { Job } from '../../wire/training.js';
import { parsed } from '../command.js';
import { print, required, type Command } from './command.js';

export const JOBS: Command = {
  help: `Lists the training jobs that were begun on this machine and are still in their clouds, the oldest first.

  xnn jobs [--json]

  --json                   print them as JSON

Their tokens are in ~/.local/state/xnn/cloud.json (or in XDG_STATE_HOME), which only you may read.

Example
  npx xnn jobs --json
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { json: { type: 'boolean', default: false } } }));
    const { jobs } = await readLedger();
    const found = await Promise.all(jobs.map(stateOf));
    print(
      found,
      found.length === 0
        ? { Jobs: 'none' }
        : Object.fromEntries(
            found.map(({ job, state, bundle, cloud }) => [job.slice(0, 8), `${state}  ${bundle}  ${cloud}`]),
          ),
      values.json,
    );
  },
};

export const JOBS_SHOW = jobCommand('show', 'Shows how far a training job is.', async (cloud, { job, token }) =>
  cloud.job(job, token),
);

export const JOBS_CANCEL = jobCommand(
  'cancel',
  'Ends a training job before it is done. Its cloud deletes the bundle.',
  async (cloud, { job, token }) => cloud.cancelJob(job, token),
);

export const JOBS_DELETE = jobCommand(
  'delete',
  'Deletes a training job with all of its files, in its cloud and from the list here. Fetch the network first.',
  async (cloud, known) => {
    await forgetJob(cloud, known);
    return null;
  },
);

/** A command for one job, which is named by the beginning of its number. */
function jobCommand(
  name: string,
  summary: string,
  perform: (cloud: OwnerCloud, known: KnownJob) => Promise<Job | null>,
): Command {
  return {
    help: `${summary}

  xnn jobs ${name} --job NUMBER [--json]

  --job NUMBER             its number as "xnn jobs" shows it, or the beginning
  --json                   print the result as JSON

Example
  npx xnn jobs ${name} --job 5c1f0a77
`,
    async run(args) {
      const { values } = parsed(() =>
        parseArgs({ args, options: { job: { type: 'string' }, json: { type: 'boolean', default: false } } }),
      );
      const known = knownJob(await readLedger(), required('--job', values.job));
      const job = await perform(ownerCloud(known.cloud), known);
      if (job === null) return print({ deleted: known.job }, { Deleted: known.job }, values.json);
      const { state, records, uploaded, bytes, progress, error } = job;
      print(
        job,
        {
          Job: job.job,
          Bundle: known.bundle,
          Cloud: known.cloud,
          State: error === null ? state : `${state}: ${sentence(error.code)}`,
          Records: records,
          Uploaded: `${uploaded} of ${bytes} bytes`,
          Epochs: `${progress?.epoch ?? 0} of ${job.epochs}`,
        },
        values.json,
      );
    },
  };
}

/** What becomes of one entry of the list; a cloud that is away is no reason to show nothing. */
async function stateOf({
  cloud,
  job,
  bundle,
  token,
}: KnownJob): Promise<{ job: string; state: string; bundle: string; cloud: string }> {
  const state = await ownerCloud(cloud)
    .job(job, token)
    .then(
      (found) => found.state,
      (error: unknown) => {
        if (!(error instanceof XnnError)) throw error;
        return error.code;
      },
    );
  return { job, state, bundle, cloud };
}
