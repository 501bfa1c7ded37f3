import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readFolder } from '../../evaluation/dataset.js';
import type { Estimate } from '../../evaluation/metrics.js';
import { XnnError } from '../../core/errors.js';
import { readReport, requireTrainedWith } from '../../owner/deploy.js';
import { evaluateTail } from '../../owner/evaluate.js';
import { exists, sha256 } from '../../owner/files.js';
import { readKey } from '../../owner/key.js';
import { infoOf } from '../../wire/key-file.js';
import { requireReleased } from '../../owner/release.js';
import { browserSource } from '../../owner/source.js';
import { openTail } from '../../owner/tail.js';
import { reportFile } from '../../owner/train.js';
import { backendOf, parsed, progressOf, tellLeftOut } from '../command.js';
import { print, required, type Command } from './command.js';
import { PASSPHRASE_HELP, PASSPHRASE_OPTION, passphraseFrom } from './passphrase.js';

const USUAL_FMR = 1e-3;
/** Of impostor pairs, times the share: fewer are told to be few. */
const LEAST_FACTOR = 10;

export const EVALUATE: Command = {
  help: `Measures a network that the cloud trained, here, on pictures of people it was not trained on: the product's detector and
encoder in headless Chromium, then the key, then the network.

  xnn evaluate --tail FILE.onnx --key FILE --images DIR [--fmr SHARE] [--backend NAME]
               [--passphrase-file FILE] [--json]

  --tail FILE.onnx         the network, input tokens [n, 49, 512], output embedding [n, 128]; runs in a process of its own
  --key FILE               the key of the bundle it was trained on; FILE.json, if it lies beside the network, must name it
  --images DIR             a folder with a folder of pictures for each person (jpg, jpeg, png, webp, bmp; up to
                           20 MB and 50 megapixels)
  --fmr SHARE              the threshold that is reported accepts at most this share of impostor pairs (default ${USUAL_FMR})
  --backend NAME           what the browser computes on: wasm (default), webgl or webgpu
${PASSPHRASE_HELP}
  --json                   print the result as JSON

Rank-1 is closed-set, with one picture a person in the gallery: the mean over all galleries. Intervals hold 95 %: bootstrap
over people. The threshold is for "xnn deploy --calibration": of people who are neither in the bundle nor in any later test;
with fewer than ${LEAST_FACTOR}/SHARE impostor pairs, a handful of them decides. A picture that the product refuses counts as not recognised; "withoutFailures" has the rates without such.

Examples
  npx xnn evaluate --tail recnet.onnx --key keys/faces.key --images others
  npx xnn evaluate --tail recnet.onnx --key keys/faces.key --images others --fmr 1e-4 --json > calibration.json
`,
  async run(args) {
    const { values } = parsed(() =>
      parseArgs({
        args,
        options: {
          tail: { type: 'string' },
          key: { type: 'string' },
          images: { type: 'string' },
          fmr: { type: 'string', default: String(USUAL_FMR) },
          backend: { type: 'string', default: 'wasm' },
          json: { type: 'boolean', default: false },
          ...PASSPHRASE_OPTION,
        },
      }),
    );
    const tailFile = required('--tail', values.tail);
    const keyFile = required('--key', values.key);
    const set = await readFolder(required('--images', values.images));
    tellLeftOut(set.leftOut);
    const backend = backendOf(values.backend);
    const fmr = Number(values.fmr);
    if (!(fmr > 0 && fmr < 1)) throw new XnnError('request_invalid', '--fmr is a share between 0 and 1');
    const { tail, kill } = await openTail(tailFile);
    try {
      const key = await readKey(keyFile, await passphraseFrom(values['passphrase-file'], { isNew: false }));
      if (await exists(reportFile(tailFile))) requireTrainedWith(key, await readReport(tailFile));
      await requireReleased(key.encoder);
      const source = browserSource(set, key.encoder, backend);
      const report = await evaluateTail({ key, tail, set, source, fmr, onProgress: progressOf(set.images.length) });
      if ((report.threshold?.pairs ?? 0) < LEAST_FACTOR / fmr) {
        console.error(
          `Only ${report.threshold?.pairs ?? 0} impostor pairs: a handful of them decides on the threshold.`,
        );
      }
      print(
        {
          date: new Date().toISOString(),
          tail: tailFile,
          sha256: sha256(await readFile(tailFile)),
          key: infoOf(key),
          ...report,
          leftOut: set.leftOut,
        },
        {
          Images: `${report.images} of ${report.identities} people, ${report.detectionFailures} refused`,
          'Rank-1': percent(report.rank1),
          EER: percent(report.eer),
          'TAR at FAR 1e-3': percent(report.tarAtFar1e3),
          [`Threshold at ${fmr}`]: report.threshold?.value.toFixed(6) ?? 'none: no impostor pairs',
        },
        values.json,
      );
    } finally {
      kill();
    }
  },
};

function percent({ value, low, high }: Estimate): string {
  const [middle, from, to] = [value, low, high].map((rate) => (100 * rate).toFixed(2));
  return `${middle} % (${from} to ${to})`;
}
