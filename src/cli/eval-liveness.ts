import { parseArgs } from 'node:util';
import { XnnError } from '../core/errors.js';
import { readFolder } from '../evaluation/dataset.js';
import { readLfw } from '../evaluation/lfw.js';
import { onePerPerson, playLiveness, reportLiveness } from '../evaluation/liveness.js';
import { inScratch } from '../evaluation/scratch.js';
import { commit, outputTo, parsed, progressOf, runCommand } from './command.js';

const HELP = `Measures the liveness check: the product's own detector and state machine, in headless Chromium, before which
people and attackers are played. All are made of one photo a person: a head that turns is that photo on half an
ellipsoid with a nose, a print the same photo on a plane or a cylinder, both with perspective. Nothing leaves this machine.

  npm run eval:liveness -- --images DIR | --data-lfw DIR [--people N] [--json OUT]

  --images DIR     a folder with a folder of pictures for each person
  --data-lfw DIR   Labeled Faces in the Wild (pairs.txt and images or .tar files)
  --people N       look at one photo each of so many people (default 40), spread over the set; those that do not look straight, or are
                   not good enough for a camera's picture, are left out and counted
  --json OUT       where the result goes; else to stdout

APCER is the part of an attack's presentations that passed, BPCER the part of the people's that did not.
`;

async function main(args: string[]): Promise<void> {
  const { values } = parsed(() =>
    parseArgs({
      args,
      options: {
        images: { type: 'string' },
        'data-lfw': { type: 'string' },
        people: { type: 'string', default: '40' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return console.log(HELP);
  const { images: folder, 'data-lfw': lfw, people, json } = values;
  if ((folder === undefined) === (lfw === undefined)) {
    throw new XnnError('request_invalid', 'one of --images and --data-lfw is needed (see --help)');
  }
  if (!/^[1-9]\d*$/.test(people)) throw new XnnError('request_invalid', '--people is a number');

  const write = await outputTo(json);
  await inScratch(async (scratch) => {
    const set = folder === undefined ? await readLfw(lfw!, scratch) : await readFolder(folder);
    const chosen = onePerPerson(set, Number(people));
    const results = await playLiveness(chosen, progressOf(chosen.length));
    const report = {
      date: new Date().toISOString(),
      command: ['npm run eval:liveness --', ...args].join(' '),
      commit: commit(),
      ...reportLiveness(results),
    };
    await write(`${JSON.stringify(report, null, 2)}\n`);
  });
}

runCommand(main);
