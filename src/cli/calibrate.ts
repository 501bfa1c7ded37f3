import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { XnnError, type ErrorCode } from '../core/errors.js';
import { alignment, type KeyPoints } from '../core/align.js';
import { cropPoints, meanKeyPoints, pointsOf, residual } from '../evaluation/alignment.js';
import { runInBrowser } from '../evaluation/browser.js';
import { MODELS } from '../evaluation/cloud.js';
import { picturesIn, readFolder } from '../evaluation/dataset.js';
import { embed } from '../evaluation/embed.js';
import { chooseThreshold, countPairs, scorePairs } from '../evaluation/utility.js';
import { backendOf, oneOf, outputTo, parsed, progressOf, runCommand } from './command.js';

/** The share of impostors that the product may take for somebody else. */
const FMR = 1e-4;
/** With fewer impostor pairs than this, a handful decides. */
const LEAST_IMPOSTORS = 100_000;

const PUBLIC_MODELS = fileURLToPath(new URL('../../public/models', import.meta.url));

const HELP = `Chooses constants of the product from pictures, with the product's own code in headless Chromium.

  npm run calibrate -- threshold --images DIR [--mode xnn-d|keyed] [--backend wasm|webgl|webgpu]

    From a folder with a folder of pictures for each person, none of them seen in training: the cosine from which two
    faces are one person, so that at most ${FMR} of the impostor pairs are accepted. Needs ${LEAST_IMPOSTORS} of those.
    Writes "threshold" into models/manifest.json (in "keyed" for that mode), with its 95 % interval (bootstrap over people).

  npm run calibrate -- metrics --json FILE

    Copies what "npm run eval -- --data-lfw DIR --json FILE" measured of this release into public/models/manifest.json.

  npm run calibrate -- alignment --chips DIR [--json FILE]

    From faces that are aligned already (144×144 pixels, the 112×112 crop in the middle; folders do not matter): where
    the detector sees their key points, for KEY_POINT_TEMPLATE in src/core/align.ts, and how far the product's
    alignment is from theirs. Prints JSON. Writes a line for each chip to FILE, for training: the similarity from chip
    to crop pixels, x' = a·x − b·y + tx, y' = b·x + a·y + ty, or the code of the refusal.
`;

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parsed(() =>
    parseArgs({
      args,
      allowPositionals: true,
      options: {
        images: { type: 'string' },
        chips: { type: 'string' },
        json: { type: 'string' },
        mode: { type: 'string', default: 'xnn-d' },
        backend: { type: 'string', default: 'wasm' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return console.log(HELP);
  const [what] = positionals;
  if (what === 'threshold' && values.images !== undefined) {
    return calibrateThreshold(values.images, oneOf('--mode', ['xnn-d', 'keyed'] as const, values.mode), values.backend);
  }
  if (what === 'metrics' && values.json !== undefined) return recordMetrics(values.json);
  if (what === 'alignment' && values.chips !== undefined) return calibrateAlignment(values.chips, values.json);
  throw new XnnError(
    'request_invalid',
    'expected "threshold --images DIR", "metrics --json FILE" or "alignment --chips DIR" (see --help)',
  );
}

async function calibrateThreshold(folder: string, mode: 'xnn-d' | 'keyed', backend: string): Promise<void> {
  const set = await readFolder(folder);
  const refuseFewerThanNeeded = (pairs: number) => {
    if (pairs < LEAST_IMPOSTORS) {
      throw new XnnError('too_few_pairs', `${pairs} impostor pairs of at least ${LEAST_IMPOSTORS}`);
    }
  };
  refuseFewerThanNeeded(countPairs(set.images).impostor);
  const { outcomes, manifest } = await embed(set.images, {
    mode,
    backend: backendOf(backend),
    onProgress: progressOf(set.images.length),
  });
  const embeddings = outcomes.map(({ embedding }) => embedding);
  const trials = scorePairs(set, embeddings, null);
  const pairs = trials.impostor.scores.length;
  refuseFewerThanNeeded(pairs);
  const threshold = {
    ...chooseThreshold(trials, set.identities.length, FMR),
    fmr: FMR,
    pairs,
    identities: set.identities.length,
    date: new Date().toISOString(),
  };
  await amend(
    join(MODELS, 'manifest.json'),
    manifest.model,
    mode === 'keyed' ? { keyed: { ...manifest.keyed, threshold } } : { threshold },
  );
  console.log(JSON.stringify(threshold, null, 2));
}

/** What a browser's manifest says of the release. */
async function recordMetrics(file: string): Promise<void> {
  const { model, date, commit, command, mode, lfw, messageBytes } = JSON.parse(await readFile(file, 'utf8')) as Record<
    string,
    unknown
  >;
  if (typeof model !== 'string' || lfw === undefined || mode !== 'xnn-d')
    throw new XnnError('request_invalid', `${file} has no LFW result in mode xnn-d`);
  await amend(join(PUBLIC_MODELS, 'manifest.json'), model, {
    metrics: { date, commit, command, mode, lfw, messageBytes },
  });
}

/**
 * Replaces entries of a manifest in one step: who reads meanwhile reads the old one or the new one.
 *
 * @throws model_unsupported if another model was released since the entries were measured
 */
async function amend(file: string, model: string, entries: object): Promise<void> {
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  if (manifest['model'] !== model) throw new XnnError('model_unsupported', `this was measured of model ${model}`);
  await writeFile(`${file}.new`, `${JSON.stringify({ ...manifest, ...entries }, null, 1)}\n`);
  await rename(`${file}.new`, file);
}

async function calibrateAlignment(folder: string, file: string | undefined): Promise<void> {
  const chips = await picturesIn(folder);
  if (chips.length === 0) throw new XnnError('no_images', folder);
  const write = file === undefined ? null : await outputTo(file);
  const progress = progressOf(chips.length);
  const faces: KeyPoints[] = [];
  const failures: Partial<Record<ErrorCode, number>> = {};
  const lines: string[] = [];
  await runInBrowser({
    output: 'points',
    backend: 'wasm',
    tenant: '',
    images: chips.map((name) => join(folder, name)),
    onStart: () => {},
    onResult(index, result) {
      if ('code' in result) {
        failures[result.code] = (failures[result.code] ?? 0) + 1;
        lines.push(JSON.stringify({ file: chips[index], code: result.code }));
      } else {
        const face = pointsOf(result.bytes);
        faces.push(cropPoints(face));
        lines.push(JSON.stringify({ file: chips[index], ...alignment(face) }));
      }
      progress(lines.length);
    },
  });
  await write?.(`${lines.join('\n')}\n`);
  if (faces.length === 0) throw new XnnError('no_face', `in any of ${chips.length} chips`);
  console.log(
    JSON.stringify(
      { chips: chips.length, faces: faces.length, failures, template: meanKeyPoints(faces), residual: residual(faces) },
      null,
      2,
    ),
  );
}

runCommand(main);
