import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

// A stand-in for `training.xnn.cloud` that learns nothing: an epoch is a tenth of a second and a step. What it is asked for decides what
// becomes of it: with 55 epochs its report is no JSON, with 66 it refuses the bundle, with 77 it breaks down. JavaScript, so that it starts in no
// time.

const text = { type: 'string', default: '' };
const { values } = parseArgs({ options: { bundle: text, out: text, epochs: text, child: { type: 'boolean' } } });
const { bundle, out } = values;
const epochs = Number(values.epochs);
const checkpoint = `${out}.checkpoint`;
process.stdin.on('end', () => process.exit(143)).resume();
process.on('SIGTERM', () => process.exit(143));

const manifest = JSON.parse(readFileSync(join(bundle, 'manifest.json'), 'utf8'));
for (const { file } of manifest.shards) readFileSync(join(bundle, file));
if (epochs === 66) {
  process.stderr.write('too_few_identities: all records are of one class\n');
  process.exit(2);
}
if (epochs === 77) throw new Error('out of memory');

let done = existsSync(checkpoint) ? Number(readFileSync(checkpoint, 'utf8')) : 0;
while (done < epochs) {
  await sleep(100);
  writeFileSync(checkpoint, String(++done));
  const progress = {
    epoch: done,
    of: epochs,
    step: done,
    loss: 1 / done,
    accuracy: null,
    secondsLeft: 0.1 * (epochs - done),
  };
  process.stdout.write(`${JSON.stringify(progress)}\n`);
}
const tail = Buffer.from(`a tail of ${manifest.records} records`);
const { encoder, scheme, key, classes, records } = manifest;
const report = {
  format: 'xnn-tail',
  version: 1,
  encoder,
  scheme,
  key,
  classes,
  records,
  epochs,
  slots: true,
  loss: 0.5,
  accuracy: null,
  commit: null,
  bytes: tail.length,
  sha256: createHash('sha256').update(tail).digest('hex'),
};
writeFileSync(out, tail);
writeFileSync(`${out}.partial`, epochs === 55 ? 'NaN' : JSON.stringify(report));
renameSync(`${out}.partial`, out.replace(/\.onnx$/, '.json'));
rmSync(checkpoint);
process.exit(0);
