import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { XnnError } from '../core/errors.js';
import { OWNER_ONLY, replaceFile, writing } from './files.js';

// What this machine had made in clouds, with the tokens that give access to it: a file that only its owner may read.

const entry = { cloud: z.string(), token: z.string(), created: z.string() };
const ledgerSchema = z.strictObject({
  format: z.literal('xnn-cloud-1'),
  jobs: z.array(
    z.strictObject({ ...entry, job: z.string(), bundle: z.string(), /** Of its manifest. */ sha256: z.string() }),
  ),
  deployments: z.array(z.strictObject({ ...entry, deployment: z.string(), tail: z.string() })),
});
export type Ledger = z.infer<typeof ledgerSchema>;
export type KnownJob = Ledger['jobs'][number];
export type KnownDeployment = Ledger['deployments'][number];

/** xnn/cloud.json in XDG_STATE_HOME, which is ~/.local/state if it is not set. */
export function ledgerFile(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local/state'), 'xnn/cloud.json');
}

/** @throws request_invalid if the file is there and cannot be read */
export async function readLedger(file = ledgerFile()): Promise<Ledger> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return { format: 'xnn-cloud-1', jobs: [], deployments: [] };
  try {
    return ledgerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new XnnError('request_invalid', `${file} is not what this version wrote`, { cause });
  }
}

/** Changes it in one step. @throws file_unwritable */
export async function changeLedger(change: (ledger: Ledger) => Ledger, file = ledgerFile()): Promise<void> {
  const changed = change(await readLedger(file));
  await writing(file, () => mkdir(dirname(file), { recursive: true, mode: 0o700 }));
  await replaceFile(file, `${JSON.stringify(changed, null, 1)}\n`, OWNER_ONLY);
}

/** The one whose id begins so. @throws job_unknown if there is none, or more than one */
export function knownJob({ jobs }: Ledger, beginning: string): KnownJob {
  const [job, other] = jobs.filter(({ job }) => job.startsWith(beginning));
  if (job === undefined || other !== undefined) throw new XnnError('job_unknown', `${beginning} on this machine`);
  return job;
}

/** Likewise. @throws deployment_unknown */
export function knownDeployment({ deployments }: Ledger, beginning: string): KnownDeployment {
  const [known, other] = deployments.filter(({ deployment }) => deployment.startsWith(beginning));
  if (known === undefined || other !== undefined)
    throw new XnnError('deployment_unknown', `${beginning} on this machine`);
  return known;
}
