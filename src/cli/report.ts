import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { z } from 'zod';
import { XnnError } from '../core/errors.js';
import { chartFile, markdownOf, svgOf } from '../evaluation/privacy/markdown.js';
import { currentReport, ROOT, rowFile } from '../evaluation/privacy/sources.js';
import { parsed, runCommand } from './command.js';

const HELP = `Runs the attackers that have no row yet, and writes the attack report of all rows.

  npm run report -- [--quick] [--again] [--list] [--write]

  --quick   every kind of attacker once, shortly: an hour of a core; without it the whole table, days of a core (training.plan has --at-once for an accelerator)
  --again   those of training.attack whatever rows other commits have, to see whether what is published is found again: the report says how far it is
  --list    says what would be run, and runs nothing
  --write   runs nothing and writes the report anew

Needs Python with PyTorch and ../shared/data, of which it makes what attackers need (20 minutes); --write needs neither. What was
stopped goes on where it was: rows that the row files have of the same settings and networks are not run again.
Writes docs/privacy-report.json, which the app shows at /report, docs/privacy-report.md and its charts in docs/images.
`;

const DATA = join(ROOT, '../shared/data');
const CHIPS = join(ROOT, 'training/cache/chips');
/** How the browser cuts the chips, which attackers learn from as it does. */
const ALIGNMENTS = join(ROOT, 'training/cache/alignments.jsonl');
const FACES = join(ROOT, 'training/cache/lfw.npy');

async function main(args: string[]): Promise<void> {
  const { values } = parsed(() =>
    parseArgs({
      args,
      options: {
        quick: { type: 'boolean', default: false },
        again: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return console.log(HELP);
  if (!values.write) await runAttackers(values);
  if (!values.list) await writeReport();
}

/** @throws trainer_missing, no_images if what the attackers need is not there */
async function runAttackers({ quick, again, list }: Record<'quick' | 'again' | 'list', boolean>): Promise<void> {
  const python = ['python3', '/usr/bin/python3', 'python'].find(
    (candidate) => spawnSync(candidate, ['-c', 'import torch, onnx, PIL, numpy'], { stdio: 'ignore' }).status === 0,
  );
  if (python === undefined) throw new XnnError('trainer_missing', 'the attackers are written in Python with PyTorch');
  if (!existsSync(DATA))
    throw new XnnError('no_images', `the attackers learn from pictures in ${DATA}, which is not there`);
  const oneCore = { OMP_NUM_THREADS: '1' };
  if (!list && !existsSync(ALIGNMENTS)) {
    await run(python, ['-m', 'training.data'], oneCore);
    const where = ['alignment', '--chips', CHIPS, '--json', ALIGNMENTS];
    await run(process.execPath, ['--import', 'tsx', join(ROOT, 'src/cli/calibrate.ts'), ...where]);
  }
  const flags = Object.entries({ quick, again, list }).flatMap(([flag, given]) => (given ? [`--${flag}`] : []));
  await run(python, ['-m', 'training.plan', ...flags], oneCore);
  if (again) return;
  const hill = ['--victims', '2', '--tries', quick ? '1000' : '10000', '--others', quick ? '300' : '1000'];
  if ((await hillRows()).some(({ victims, tries }) => victims === 2 && (tries ?? 0) >= (quick ? 2000 : 20_000))) return;
  if (list || !existsSync(FACES)) return console.log(`to run: npm run attack:hill -- ${hill.join(' ')}`);
  await run(process.execPath, ['--import', 'tsx', join(ROOT, 'src/cli/attack-hill.ts'), ...hill]);
}

async function hillRows(): Promise<{ victims?: number; tries?: number }[]> {
  const text = await rowFile('training/hill.jsonl');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => z.object({ victims: z.number(), tries: z.number() }).partial().parse(JSON.parse(line)));
}

/** @throws training_failed if it ends with another status than 0 */
async function run(program: string, words: readonly string[], environment: Record<string, string> = {}): Promise<void> {
  const child = spawn(program, words, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...environment } });
  const status = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('exit', resolve));
  if (status !== 0) throw new XnnError('training_failed', `${words.join(' ')} ended with status ${status}`);
}

async function writeReport(): Promise<void> {
  const report = await currentReport();
  await writeFile(join(ROOT, 'docs/privacy-report.json'), `${JSON.stringify(report, null, 1)}\n`);
  const page = await format(markdownOf(report), { parser: 'markdown', printWidth: 140 });
  await writeFile(join(ROOT, 'docs/privacy-report.md'), page);
  for (const chart of report.charts) {
    await writeFile(join(ROOT, 'docs/images', chartFile(chart.title)), svgOf(chart));
  }
  console.log(`${report.rows.length} numbers of ${report.attackers.length} attackers in docs/privacy-report.md`);
}

runCommand(main);
