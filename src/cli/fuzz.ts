import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cloudTargets, CODECS, fuzz } from '../server/testing.fuzz.js';
import { parsed, runCommand } from './command.js';

const HELP = `Gives all that reads from the network mutated messages: the readers of messages, bundles and their manifests, and one in twenty
to a whole cloud over its routes. Ends with an error, which names the seed, if anything but a coded refusal comes back or memory grows.

  npm run fuzz -- [--count N] [--seed N]

  --count N    messages (default 1000000)
  --seed N     of the first (default by the clock)

Prints a line of JSON: the seed, messages by reader, seconds, and MB of memory in use after a fifth and at the end.
`;

/** What may be in use at the end above what was after a fifth, in MB: caches and compiled code still grow a little. */
const GROWTH = 16;

async function main(args: string[]): Promise<void> {
  const { values } = parsed(() =>
    parseArgs({
      args,
      options: {
        count: { type: 'string', default: '1000000' },
        seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return console.log(HELP);
  const [count, seed] = [Number(values.count), Number(values.seed)];
  const folder = await mkdtemp(join(tmpdir(), 'xnn-fuzz-'));
  const { targets, close } = await cloudTargets(folder);
  try {
    const begun = performance.now();
    let early = 0;
    const given = await fuzz([...CODECS, ...targets], count, seed, (done) => {
      if (done === Math.ceil(count / 5)) early = inUse();
    });
    const late = inUse();
    const seconds = Math.round((performance.now() - begun) / 1000);
    console.log(JSON.stringify({ seed, given, seconds, earlyMB: early, lateMB: late }));
    if (late - early > GROWTH) throw new Error(`memory in use grew by ${late - early} MB`);
  } finally {
    await close();
    await rm(folder, { recursive: true });
  }
}

/** In MB, of the heap and of buffers, without what is to be collected. */
function inUse(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return Math.round((heapUsed + external) / 1e6);
}

runCommand(main);
