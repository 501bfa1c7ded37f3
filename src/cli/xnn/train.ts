import { parseArgs } from 'node:util';
import { sentence, XnnError } from '../../core/errors.js';
import { ownerCloud } from '../../owner/cloud.js';
import { trainInCloud } from '../../owner/train.js';
import type { Job } from '../../wire/training.js';
import { parsed, showProgress } from '../command.js';
import { print, required, type Command } from './command.js';

/** Exit status of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

export const TRAIN: Command = {
  help: `Uploads a bundle to a cloud, follows its training, and fetches the network: FILE.onnx, and FILE.json, which says what it was
trained on. Ctrl-C leaves the job running; the same command goes on with it, also after a broken upload.

  xnn train --bundle BUNDLE --cloud URL --out FILE.onnx [--epochs N] [--json]

  --bundle BUNDLE          a folder that "xnn protect" made
  --cloud URL              address of the cloud
  --out FILE.onnx          must not be there yet
  --epochs N               passes over the records (default 12)
  --json                   print what it was trained on as JSON

Example
  npx xnn train --bundle faces.bundle --cloud https://cloud.example --out recnet.onnx
`,
  async run(args) {
    const { values } = parsed(() =>
      parseArgs({
        args,
        options: {
          bundle: { type: 'string' },
          cloud: { type: 'string' },
          out: { type: 'string' },
          epochs: { type: 'string' },
          json: { type: 'boolean', default: false },
        },
      }),
    );
    const bundle = required('--bundle', values.bundle);
    const cloud = ownerCloud(required('--cloud', values.cloud));
    const out = required('--out', values.out);
    const epochs = values.epochs === undefined ? undefined : Number(values.epochs);
    if (epochs !== undefined && !(Number.isInteger(epochs) && epochs > 0)) {
      throw new XnnError('request_invalid', '--epochs is a whole number from 1');
    }
    let current: Job | null = null;
    process.once('SIGINT', () => {
      const left = `Job ${current?.job} is left as it is in the cloud. The same command goes on with it; "xnn jobs cancel" ends it.`;
      console.error(`\n${current === null ? 'Nothing was sent yet. The same command goes on.' : left}`);
      process.exit(INTERRUPTED);
    });
    const follow = training();
    const report = await trainInCloud({
      cloud,
      bundle,
      out,
      epochs,
      onUpload: uploading('bundle'),
      onJob(job) {
        current = job;
        follow(job);
      },
    });
    const { scheme, records, classes, accuracy, loss } = report;
    print(
      { tail: out, ...report },
      {
        Network: out,
        Scheme: scheme,
        Records: `${records} of ${classes} people`,
        Loss: loss,
        'Held-out records': accuracy === null ? 'none' : `${(100 * accuracy).toFixed(1)} % of the right class`,
      },
      values.json,
    );
  },
};

/** Shows an upload, at most twice a second; in a log, at its ends. */
export function uploading(what: string): (done: number, total: number) => void {
  let [begun, first, shown] = [0, 0, 0];
  return (done, total) => {
    const now = performance.now();
    if (begun === 0) [begun, first] = [now, done];
    else if (done < total && (!process.stderr.isTTY || now - shown < 500)) return;
    shown = now;
    const left = done === first ? '' : `, ${seconds(((now - begun) / (done - first)) * (total - done) * 1e-3)} left`;
    showProgress(
      done / total,
      `${what}: ${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB are in the cloud${left}`,
    );
  };
}

/** Shows a training: every change on a terminal, else every epoch. */
function training(): (job: Job) => void {
  let shown = '';
  return ({ job, state, ahead, progress, epochs, error }) => {
    if (state === 'running' && progress !== null) {
      const { epoch, loss, accuracy, secondsLeft } = progress;
      if (!process.stderr.isTTY && shown === `epoch ${epoch}`) return;
      shown = `epoch ${epoch}`;
      const held = accuracy === null ? '' : `, ${(100 * accuracy).toFixed(1)} % of held-out records right`;
      const line = `epoch ${epoch} of ${epochs}, loss ${loss?.toFixed(3) ?? '?'}${held}, ${seconds(secondsLeft)} left`;
      // Never whole: a bar that is ends its line.
      return showProgress(Math.min(0.99, epoch / epochs), line);
    }
    // Its code alone: the words are a cloud's.
    const line = `job ${job.slice(0, 8)}: ${error ? sentence(error.code) : `${state}${ahead ? `, ${ahead} before it` : ''}`}`;
    if (line !== shown) console.error(`${process.stderr.isTTY && shown !== '' ? '\n' : ''}${line}`);
    shown = line;
  };
}

function seconds(left: number): string {
  return `${Math.floor(left / 60)} min ${Math.round(left % 60)} s`;
}
