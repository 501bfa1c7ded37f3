import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { XnnError } from '../core/errors.js';
import { proofOf, proofSecret } from '../core/proof.js';
import { fingerprint, type Key } from '../core/xnn.js';
import type { Deployment } from '../wire/deployment.js';
import { tailReportSchema, type TailReport } from '../wire/training.js';
import type { OwnerCloud } from './cloud.js';
import { readJson, sha256 } from './files.js';
import { changeLedger } from './ledger.js';
import { requireReleased } from './release.js';
import { reportFile, unless } from './train.js';
import { openTail } from './tail.js';
import { sendAll } from './upload.js';

/** What `xnn evaluate --json` says of a threshold that deploying needs. */
const calibrationSchema = z.looseObject({
  /** SHA-256 of the tail that was evaluated. */
  sha256: z.string(),
  key: z.looseObject({ fingerprint: z.string() }),
  threshold: z.looseObject({ value: z.number().min(-1).max(1) }),
});

/** The report beside a tail. @throws tail_invalid if it is missing, no report, or of another tail */
export async function readReport(tail: string): Promise<TailReport> {
  const weights = await readFile(tail).catch((cause: unknown) => {
    throw new XnnError('tail_invalid', `${tail} cannot be read`, { cause });
  });
  const report = tailReportSchema.safeParse(await readJson(reportFile(tail)));
  if (!report.success) throw new XnnError('tail_invalid', `${reportFile(tail)} is not a report`);
  if (sha256(weights) !== report.data.sha256)
    throw new XnnError('tail_invalid', `${reportFile(tail)} is of another tail`);
  return report.data;
}

/** @throws request_invalid unless a tail was trained with this key */
export function requireTrainedWith(key: Key, { key: trained }: TailReport): void {
  if (fingerprint(key) !== trained)
    throw new XnnError('request_invalid', `the network was trained with key ${trained}`);
}

/** The threshold of an evaluation. @throws request_invalid if it is none, or of another tail or key */
export async function calibrated(file: string, { sha256: tail, key }: TailReport): Promise<number> {
  const found = calibrationSchema.safeParse(await readJson(file));
  if (!found.success) throw new XnnError('request_invalid', `${file} is not what "xnn evaluate --json" prints`);
  if (found.data.sha256 !== tail) throw new XnnError('request_invalid', `${file} is of another network`);
  if (found.data.key.fingerprint !== key) {
    throw new XnnError('request_invalid', `${file} was measured with another key`);
  }
  return found.data.threshold.value;
}

/**
 * Has a cloud serve a tail. It is tried here first, so that nothing is sent that would be refused.
 *
 * @param key of which the cloud gets a proof, by which browsers with the key know that its owner deployed this
 * @throws request_invalid for another key, tail_invalid, encoder_differs, what the cloud refuses with; then nothing stays there
 */
export async function deployTail(
  cloud: OwnerCloud,
  tail: string,
  key: Key,
  threshold: number,
  onUpload: (done: number, total: number) => void,
): Promise<Deployment> {
  const report = await readReport(tail);
  requireTrainedWith(key, report);
  (await openTail(tail)).kill();
  const { encoder, scheme, key: named, bytes, sha256: hash } = report;
  await requireReleased(encoder);
  if ((await stat(tail)).size !== bytes) throw new XnnError('tail_invalid', tail);
  const terms = { encoder, sha256: hash, threshold };
  const proof = proofOf(proofSecret(key), terms);
  const made = await cloud.createDeployment({ ...terms, scheme, key: named, bytes, proof });
  const { token } = made;
  const { deployment: id, created } = made.deployment;
  const known = { cloud: cloud.address, deployment: id, token, created, tail };
  try {
    await changeLedger((ledger) => ({ ...ledger, deployments: [...ledger.deployments, known] }));
    await sendAll({
      files: [{ path: tail, bytes }],
      stands: async () => (await cloud.deployment(id, token)).uploaded,
      send: (offset, part) => cloud.sendTail(id, token, offset, part),
      onProgress: onUpload,
    });
  } catch (error) {
    await undeploy(cloud, id, token).catch(() => {});
    throw error;
  }
  return cloud.deployment(id, token);
}

export async function undeploy(cloud: OwnerCloud, deployment: string, token: string): Promise<void> {
  await cloud.deleteDeployment(deployment, token).catch(unless('deployment_unknown'));
  await changeLedger((ledger) => ({
    ...ledger,
    deployments: ledger.deployments.filter((known) => known.deployment !== deployment),
  }));
}
