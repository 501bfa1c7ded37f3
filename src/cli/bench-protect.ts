import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asFeatures } from '../core/features.js';
import { FEATURE_VALUES } from '../core/spec.js';
import { SCHEMES } from '../core/xnn.js';
import { asDataset } from '../evaluation/dataset.js';
import { protectFeatures } from '../owner/protect.js';
import { releasedEncoder } from '../owner/release.js';
import type { FeatureSource } from '../owner/source.js';
import { oneOf, parsed, runCommand } from './command.js';

const HELP = `Measures how fast features become a bundle, and how large it is, without pictures: made-up features of made-up people, so
that what is measured is the key, the rounding and the writing. Encoding pictures comes on top, see "npx xnn protect".

  npm run bench:protect -- [--images N,N,...] [--scheme SCHEME] [--keep DIR]

  --images N,N,...   numbers of images (default 1000,10000)
  --scheme SCHEME    as of "xnn keygen" (default xnn-hardened)
  --keep DIR         leave the last bundle there, for the trainer

Prints a line of JSON for each number: seconds, images a second, bytes, and the most memory the process had so far, in MB.
`;

/** Different features that are made up once; images take them in turn. */
const DIFFERENT = 64;
const IMAGES_A_PERSON = 20;

async function main(args: string[]): Promise<void> {
  const { values } = parsed(() =>
    parseArgs({
      args,
      options: {
        images: { type: 'string', default: '1000,10000' },
        scheme: { type: 'string', default: 'xnn-hardened' },
        keep: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return console.log(HELP);
  const scheme = oneOf('--scheme', SCHEMES, values.scheme);
  const encoder = await releasedEncoder();
  for (const count of values.images.split(',').map(Number)) {
    const folder = values.keep ?? (await mkdtemp(join(tmpdir(), 'xnn-bench-')));
    const names = Array.from({ length: count }, (_, i) => `${Math.floor(i / IMAGES_A_PERSON)}/${i}.jpg`);
    const out = join(folder, `${count}.bundle`);
    const begun = performance.now();
    await protectFeatures({
      key: { scheme, encoder, secret: crypto.getRandomValues(new Uint8Array(32)) },
      set: asDataset('', names, (name) => name.split('/')[0]!),
      listing: '',
      source: madeUp(),
      out,
      ownerFile: join(folder, `${count}.owner.json`),
      onProgress: () => {},
    });
    const seconds = (performance.now() - begun) / 1000;
    let bytes = 0;
    for (const file of await readdir(out)) bytes += (await stat(join(out, file))).size;
    const memory = Math.round(process.resourceUsage().maxRSS / 1024);
    console.log(
      JSON.stringify({ images: count, scheme, seconds, imagesPerSecond: count / seconds, bytes, maxMemoryMB: memory }),
    );
    if (values.keep === undefined) await rm(folder, { recursive: true });
  }
}

function madeUp(): FeatureSource {
  const features = Array.from({ length: DIFFERENT }, (_, which) =>
    // Of mean square 1, like an encoder's.
    asFeatures(Float32Array.from({ length: FEATURE_VALUES }, (_, i) => Math.SQRT2 * Math.sin((which + 1) * (i + 0.5)))),
  );
  return async (images, deliver) => {
    for (const image of images) await deliver(image, { features: features[image % DIFFERENT]!, centred: false });
  };
}

runCommand(main);
