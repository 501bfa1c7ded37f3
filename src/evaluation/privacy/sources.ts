import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { reportSchema, type Report } from '../../wire/report.js';
import { buildReport } from './build.js';
import type { Names } from './rows.js';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const manifestSchema = z.object({ release: z.string(), model: z.string(), keyedModel: z.string() });
/** What public/attackers/manifest.json says of the networks that its attackers were trained against. */
const attackersSchema = z.object({
  model: z.string(),
  attackers: z.record(z.string(), z.object({ measured: z.object({ networks: z.string() }) })),
});

/** The report of the row files as they are now. */
export async function currentReport(): Promise<Report> {
  const release = manifestSchema.parse(JSON.parse(await readFile(join(ROOT, 'public/models/manifest.json'), 'utf8')));
  const [utility, attacks, keyed, hill, xnn] = await Promise.all(
    ['utility', 'attacks', 'keyed', 'hill', 'xnn/attacks'].map((name) => rowFile(`training/${name}.jsonl`)),
  );
  const files = { utility: utility!, attacks: attacks!, keyed: keyed!, hill: hill!, xnn: xnn! };
  return reportSchema.parse(buildReport(files, release, await namesOf(release)));
}

/** The hashes under which attackers know the released networks, by what was checked when the app's attackers were exported. */
async function namesOf({ release, keyedModel }: Report['release']): Promise<Names> {
  const manifest = attackersSchema.parse(
    JSON.parse(await readFile(join(ROOT, 'public/attackers/manifest.json'), 'utf8')),
  );
  const hashes = Object.values(manifest.attackers).map(({ measured }) => measured.networks);
  return { byHash: new Map(hashes.map((hash) => [hash, release])), keyed: `${release} (${keyedModel})` };
}

/** Empty if there is none. */
export async function rowFile(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8').catch(() => '');
}
