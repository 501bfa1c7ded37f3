import { parseArgs } from 'node:util';
import { readFolder } from '../../evaluation/dataset.js';
import type { Estimate } from '../../evaluation/metrics.js';
import { evaluateTail } from '../../owner/evaluate.js';
import { infoOf, readKey } from '../../owner/key.js';
import { requireReleased } from '../../owner/release.js';
import { browserSource } from '../../owner/source.js';
import { openTail } from '../../server/tail.js';
import { backendOf, parsed, progressOf } from '../command.js';
import { print, required, type Command } from './command.js';
import { PASSPHRASE_HELP, PASSPHRASE_OPTION, passphraseFrom } from './passphrase.js';

export const EVALUATE: Command = {
  help: `Measures a network that the cloud trained, here, on pictures of people it was not trained on: the product's detector and
encoder in headless Chromium, then the key, then the network.

  xnn evaluate --tail FILE.onnx --key FILE --images DIR [--backend NAME] [--passphrase-file FILE] [--json]

  --tail FILE.onnx         the network, input tokens [n, 49, 512], output embedding [n, 128]
  --key FILE               the key of the bundle it was trained on
  --images DIR             a folder with a folder of pictures for each person (jpg, jpeg, png, webp, bmp; any size)
  --backend NAME           what the browser computes on: wasm (default), webgl or webgpu
${PASSPHRASE_HELP}
  --json                   print the result as JSON

Rank-1 is closed-set, with one picture a person in the gallery: the mean over all galleries. Intervals hold 95 %: bootstrap
over people. A picture that the product refuses counts as not recognised; "withoutFailures" has the rates without such.

Example
  npx xnn evaluate --tail recnet.onnx --key keys/faces.key --images others --json
`,
  async run(args) {
    const { values } = parsed(() =>
      parseArgs({
        args,
        options: {
          tail: { type: 'string' },
          key: { type: 'string' },
          images: { type: 'string' },
          backend: { type: 'string', default: 'wasm' },
          json: { type: 'boolean', default: false },
          ...PASSPHRASE_OPTION,
        },
      }),
    );
    const tailFile = required('--tail', values.tail);
    const keyFile = required('--key', values.key);
    const set = await readFolder(required('--images', values.images));
    const backend = backendOf(values.backend);
    const tail = await openTail(tailFile);
    const key = await readKey(keyFile, await passphraseFrom(values['passphrase-file'], { isNew: false }));
    await requireReleased(key.encoder);
    const report = await evaluateTail({
      key,
      tail,
      set,
      source: browserSource(set, key.encoder, backend),
      onProgress: progressOf(set.images.length),
    });
    print(
      { date: new Date().toISOString(), tail: tailFile, key: infoOf(key), ...report },
      {
        Images: `${report.images} of ${report.identities} people, ${report.detectionFailures} refused`,
        'Rank-1': percent(report.rank1),
        EER: percent(report.eer),
        'TAR at FAR 1e-3': percent(report.tarAtFar1e3),
      },
      values.json,
    );
  },
};

function percent({ value, low, high }: Estimate): string {
  const [middle, from, to] = [value, low, high].map((rate) => (100 * rate).toFixed(2));
  return `${middle} % (${from} to ${to})`;
}
