import { parseArgs } from 'node:util';
import { XnnError } from '../core/errors.js';
import { MODES } from '../evaluation/cloud.js';
import { readFolder } from '../evaluation/dataset.js';
import { embed } from '../evaluation/embed.js';
import { readLfw } from '../evaluation/lfw.js';
import { findPairs, readPairs } from '../evaluation/pairs.js';
import { reportLfw, reportSet, summarise } from '../evaluation/report.js';
import { inScratch } from '../evaluation/scratch.js';
import { backendOf, commit, oneOf, outputTo, parsed, progressOf, runCommand, tellLeftOut } from './command.js';

const HELP = `Measures how well the product tells faces apart, with its own code: detector, encoder and noise in
headless Chromium, the cloud's network in this process. Nothing leaves this machine.

  npm run eval -- --images DIR [--pairs FILE] [--data-lfw DIR] [--mode xnn-d|keyed|clean] [--json OUT]

  --images DIR     a folder with a folder of pictures for each person (jpg, jpeg, png, webp, bmp; up to 20 MB and
                   50 megapixels); other files are left out and counted ("leftOut")
  --pairs FILE     verify these pairs of --images only, not all: LFW's format ("Name 1 4", "Name 1 Other 2"; 4 is
                   Name_0004 or, if none is called so, the fourth picture of that folder), or "a/1.jpg b/2.jpg 0" with
                   paths in DIR and 1 for the same person; names with blanks need tabs between the columns
  --data-lfw DIR   Labeled Faces in the Wild: pairs.txt (View 2), perhaps pairsDevTest.txt (View 1), and the images as
                   folders or .tar files. Without --images, the other measures are of the images that the lists name
  --mode MODE      xnn-d (default): messages exactly as sent; keyed: the same, everybody under one key, as if impostors had
                   their victim's; clean: features without noise, which are never sent, into
                   the tail trained on them, for comparison
  --backend NAME   what the browser computes on: wasm (default), webgl or webgpu
  --json OUT       where the result goes; else to stdout, where npm writes as well ("npm run -s eval" has it alone)

Rates are fractions. Intervals ("low", "high") hold 95 %: bootstrap over people, 300 resamples with a fixed seed; for rank-1
over the people searched for, the gallery staying as it is. Noise is drawn anew in every run, so that rates differ a
little. Of more than four million pairs of a kind, a random sample is scored. A genuine pair with a picture that the product
refuses, or that cannot be read, counts as not accepted ("genuineRefused"), and in LFW's accuracy either is an error; an impostor
pair with one shows nothing and is left out ("impostorRefused"). "withoutFailures" has the rates without such pictures. Where a
picture shows several faces, its centre alone is used ("centred"). TAR at FAR 1e-3 means little with fewer than 1,000 impostor
pairs, at FAR 1e-4 with fewer than 10,000: it is then the TAR without any false match.

Examples
  npm run eval -- --images faces --json result.json
  npm run eval -- --images faces --pairs faces/pairs.txt --mode clean --json clean.json
  npm run eval -- --data-lfw lfw --json lfw.json
`;

async function main(args: string[]): Promise<void> {
  const { values } = parsed(() =>
    parseArgs({
      args,
      options: {
        images: { type: 'string' },
        pairs: { type: 'string' },
        'data-lfw': { type: 'string' },
        mode: { type: 'string', default: 'xnn-d' },
        backend: { type: 'string', default: 'wasm' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return console.log(HELP);
  const { images: folder, pairs: list, 'data-lfw': lfwFolder, json } = values;
  const mode = oneOf('--mode', MODES, values.mode);
  const backend = backendOf(values.backend);
  if (folder === undefined && lfwFolder === undefined) {
    throw new XnnError('request_invalid', '--images or --data-lfw is missing (see --help)');
  }
  if (list !== undefined && folder === undefined) throw new XnnError('request_invalid', '--pairs needs --images');
  for (const [option, value] of Object.entries(values)) {
    if (value === '') throw new XnnError('request_invalid', `--${option} is empty`);
  }
  const write = await outputTo(json);

  await inScratch(async (scratch) => {
    const set = folder === undefined ? null : await readFolder(folder);
    const listed = set && folder && list ? findPairs((await readPairs(list)).pairs, folder, set) : null;
    const lfw = lfwFolder === undefined ? null : await readLfw(lfwFolder, scratch);
    const leftOut = set?.leftOut ?? {};
    tellLeftOut(leftOut);

    const images = [...(set?.images ?? []), ...(lfw?.images ?? [])];
    const { outcomes, started, manifest, messageBytes, stageMs } = await embed(images, {
      mode,
      backend,
      onProgress: progressOf(images.length),
    });
    const ofSet = outcomes.slice(0, set?.images.length ?? outcomes.length);
    const ofLfw = outcomes.slice(set?.images.length ?? 0);
    const { value: threshold = null } =
      (mode === 'clean' ? undefined : mode === 'keyed' ? manifest.keyed.threshold : manifest.threshold) ?? {};
    const report = {
      date: new Date().toISOString(),
      command: ['npm run eval --', ...args].join(' '),
      commit: commit(),
      release: started.release,
      model: mode === 'keyed' ? started.keyedModel : started.model,
      mode,
      backend: started.backend,
      ...reportSet(set ?? lfw!, ofSet, listed, threshold),
      leftOut,
      ...(lfw && { lfw: reportLfw(lfw, ofLfw) }),
      messageBytes,
      stageMs: summarise(stageMs),
    };
    await write(`${JSON.stringify(report, null, 2)}\n`);
  });
}

runCommand(main);
