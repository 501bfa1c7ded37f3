import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { reportSchema, type Report } from '../../wire/report.js';
import { buildReport } from './build.js';
import type { Names, RowFiles } from './rows.js';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const manifestSchema = z.object({ release: z.string(), model: z.string(), keyedModel: z.string() });
/** The report of the row files as they are now. */
export async function currentReport(): Promise<Report> {
  const release = manifestSchema.parse(JSON.parse(await readFile(join(ROOT, 'public/models/manifest.json'), 'utf8')));
  const read = (name: string) => rowFile(`training/${name}.jsonl`);
  const files: RowFiles = {
    utility: await read('utility'),
    attacks: await read('attacks'),
    again: await read('again'),
    keyed: await read('keyed'),
    thief: await read('thief'),
    hill: await read('hill'),
    xnn: await read('xnn/attacks'),
    cost: await read('cost'),
  };
  return reportSchema.parse(buildReport(files, release, await namesOf(release)));
}

/** The fingerprints of the released networks, as `training/export.py` has them: of those that are used together. */
async function namesOf({ release, keyedModel }: Report['release']): Promise<Names> {
  const read = (name: string) => readFile(join(ROOT, `public/models/${name}.bin`));
  const [encoder, generator, tail] = await Promise.all([read('encoder'), read('generator'), read('tail')]);
  return new Map([
    [fingerprint([encoder]), release],
    [fingerprint([encoder, generator]), release],
    [fingerprint([encoder, tail]), `${release}, ${keyedModel}`],
  ]);
}

function fingerprint(files: readonly Buffer[]): string {
  return createHash('sha256').update(Buffer.concat(files)).digest('hex').slice(0, 8);
}

/** Empty if there is none. */
export async function rowFile(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8').catch(() => '');
}
