import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { XnnError } from '../core/errors.js';
import { hasCode } from '../server/has-code.js';
import { OWNER_ONLY, replaceFile, writing } from './files.js';

// What this machine had made in clouds, with the tokens that give access to it: a file that only its owner may read.

/** A change takes no time; a lock that is older is of a command that was killed, in ms. */
const STALE = 10_000;

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
  await writing(file, () => mkdir(dirname(file), { recursive: true, mode: 0o700 }));
  await alone(`${file}.lock`, async () => {
    const changed = change(await readLedger(file));
    await replaceFile(file, `${JSON.stringify(changed, null, 1)}\n`, OWNER_ONLY);
  });
}

/** Does what no two commands may do at once: each would forget what the other wrote. */
async function alone(lock: string, work: () => Promise<void>): Promise<void> {
  while (!(await writing(lock, () => taken(lock)))) await sleep(20);
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx', OWNER_ONLY)).close();
    return true;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    const held = await stat(lock).catch(() => null);
    // Of a command that was killed.
    if (held !== null && Date.now() - held.mtimeMs > STALE) await rm(lock, { force: true });
    return false;
  }
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
