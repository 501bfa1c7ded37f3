import { normalize } from 'node:path';
import { parseArgs } from 'node:util';
import { XnnError } from '../../core/errors.js';
import { readFolder } from '../../evaluation/dataset.js';
import { exists } from '../../owner/files.js';
import { readKey } from '../../owner/key.js';
import { ownerFile, protectFeatures } from '../../owner/protect.js';
import { requireReleased } from '../../owner/release.js';
import { browserSource, listingOf } from '../../owner/source.js';
import { backendOf, parsed, printable, progressOf, tellLeftOut } from '../command.js';
import { print, required, type Command } from './command.js';
import { PASSPHRASE_HELP, PASSPHRASE_OPTION, passphraseFrom } from './passphrase.js';

/** Of refused pictures, how many are shown to people. */
const SHOWN = 10;

export const PROTECT: Command = {
  help: `Turns pictures into a bundle: the product's detector and encoder in headless Chromium, then the key. Only the bundle is for
the cloud. It holds features under the key and a number for each person, in a random order; no picture, no name, no key.

  xnn protect --images DIR --key FILE --out BUNDLE [--backend NAME] [--passphrase-file FILE] [--json]

  --images DIR             a folder with a folder of pictures for each person (jpg, jpeg, png, webp, bmp; up to
                           20 MB and 50 megapixels)
  --key FILE               a file that "xnn keygen" made
  --out BUNDLE             the folder to make. What was interrupted goes on with the same command; until all is done, the
                           folder is called BUNDLE.part
  --backend NAME           what the browser computes on: wasm (default), webgl or webgpu
${PASSPHRASE_HELP}
  --json                   print the result as JSON, with all pictures that were refused, and "leftOut", how many files of
                           each other kind there are

Beside the key, BUNDLE.owner.json is written: which number stands for whom, and which pictures were not used and why. Keep it.

Examples
  npx xnn protect --images faces --key keys/faces.key --out faces.bundle
  npx xnn protect --images faces --key keys/faces.key --out faces.bundle --passphrase-file /run/secrets/xnn --json
`,
  async run(args) {
    const { values } = parsed(() =>
      parseArgs({
        args,
        options: {
          images: { type: 'string' },
          key: { type: 'string' },
          out: { type: 'string' },
          backend: { type: 'string', default: 'wasm' },
          json: { type: 'boolean', default: false },
          ...PASSPHRASE_OPTION,
        },
      }),
    );
    const keyFile = required('--key', values.key);
    const out = normalize(required('--out', values.out)).replace(/(?<=.)[\\/]+$/, '');
    const folder = required('--images', values.images);
    const backend = backendOf(values.backend);
    if (await exists(out)) throw new XnnError('file_exists', out);
    const set = await readFolder(folder);
    tellLeftOut(set.leftOut);
    const key = await readKey(keyFile, await passphraseFrom(values['passphrase-file'], { isNew: false }));
    await requireReleased(key.encoder);
    if (key.scheme === 'none' || key.scheme === 'permutation') {
      console.error(`The scheme ${key.scheme} protects nothing. It is there to compare with.`);
    }

    const file = ownerFile(keyFile, out);
    let before = performance.now();
    let report: (done: number) => void = () => {};
    let made = 0;
    const { manifest, refused } = await protectFeatures({
      key,
      set,
      listing: await listingOf(set),
      source: browserSource(set, key.encoder, backend),
      out,
      ownerFile: file,
      onProgress(done, left) {
        made = done;
        if (done > 0) return report(done);
        before = performance.now();
        report = progressOf(left);
        const there = set.images.length - left;
        if (there > 0) console.error(`Going on: ${there} of ${set.images.length} images are done.`);
      },
    });
    const seconds = (performance.now() - before) / 1000;
    const { records, classes, shards } = manifest;
    const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
    print(
      {
        bundle: out,
        ownerFile: file,
        scheme: manifest.scheme,
        key: manifest.key,
        encoder: manifest.encoder,
        images: set.images.length,
        records,
        classes,
        shards: shards.length,
        bytes,
        seconds,
        imagesPerSecond: made / seconds,
        refused,
        leftOut: set.leftOut,
      },
      {
        Bundle: out,
        'For you alone': file,
        Records: `${records} of ${set.images.length} pictures`,
        People: classes,
        Bytes: bytes,
      },
      values.json,
    );
    for (const { image, code } of refused.slice(0, SHOWN)) console.error(printable(`Not used: ${image} (${code})`));
    if (refused.length > SHOWN) console.error(`and ${refused.length - SHOWN} more, listed in ${file}`);
  },
};
