import { parseArgs } from 'node:util';
import { openBundle, readRecords } from '../../owner/bundle.js';
import { requireReleased } from '../../owner/release.js';
import { parsed } from '../command.js';
import { print, required, type Command } from './command.js';

export const BUNDLE_INFO: Command = {
  help: `Reads a bundle as the cloud does, checks every hash and value, and shows what there is to see. Needs no key.

  xnn bundle info --bundle DIR [--json]

  --bundle DIR   a folder that "xnn protect" made
  --json         print the result as JSON, with the number of records of each class

Example
  npx xnn bundle info --bundle faces.bundle
`,
  async run(args) {
    const { values } = parsed(() =>
      parseArgs({ args, options: { bundle: { type: 'string' }, json: { type: 'boolean', default: false } } }),
    );
    const folder = required('--bundle', values.bundle);
    const manifest = await openBundle(folder);
    await requireReleased(manifest.encoder);
    const recordsOfClass = new Array<number>(manifest.classes).fill(0);
    for await (const { label } of readRecords(folder, manifest)) recordsOfClass[label]!++;
    const { scheme, key, encoder, classes, records, shards } = manifest;
    const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
    print(
      { bundle: folder, scheme, key, encoder, classes, records, shards: shards.length, bytes, recordsOfClass },
      {
        Scheme: scheme,
        Key: key,
        Encoder: encoder,
        People: classes,
        Records: records,
        'Records a person': `${Math.min(...recordsOfClass)} to ${Math.max(...recordsOfClass)}`,
        Bytes: bytes,
      },
      values.json,
    );
  },
};
