import { appendFile, open, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { XnnError } from '../core/errors.js';
import { gaussian } from '../core/random.js';
import { CROP_SIZE, TENANT_BYTES } from '../core/spec.js';
import { climb, openInterface, showAll, type Interface, type Tries } from '../evaluation/hill.js';
import { protect } from '../protocol/protect.js';
import { loadCloudModel } from '../server/models.js';
import { readReleased, seeded, WASM_FOLDER } from '../server/testing.js';
import { toHex } from '../wire/hex.js';
import { commit, parsed, runCommand, showProgress } from './command.js';

const HELP = `Attacks the public interface in one process, against the released cloud and without its limits: a person is enrolled, and an attacker who has
photos of others asks again and again whether it is he.

  npm run attack:hill -- [--faces FILE] [--names FILE] [--victims N] [--tries N] [--others N]

  --faces FILE   aligned faces, uint8 [n, 112, 112, 3], as training/ keeps them (default training/cache/lfw.npy)
  --names FILE   a line of JSON each, with the person's "name" (default ../shared/data/lfw/landmarks.jsonl)
  --victims N    people that are attacked, each by every attacker (default 2)
  --tries N      of the climber at each victim (default 10000)
  --others N     people whose photos the attacker has (default 1000)

Prints a row of JSON for each attacker and appends it to training/hill.jsonl.
`;

const ROWS = fileURLToPath(new URL('../../training/hill.jsonl', import.meta.url));
const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
const FACE_BYTES = CROP_SIZE * CROP_SIZE * 3;
/** Photos that the climber mixes. */
const MIXED = 32;
/** Messages of the victim's photo that make the template. */
const CAPTURES = 3;

async function main(args: string[]): Promise<void> {
  const { values } = parsed(() =>
    parseArgs({
      args,
      options: {
        faces: { type: 'string', default: 'training/cache/lfw.npy' },
        names: { type: 'string', default: '../shared/data/lfw/landmarks.jsonl' },
        victims: { type: 'string', default: '2' },
        tries: { type: 'string', default: '10000' },
        others: { type: 'string', default: '1000' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return console.log(HELP);
  const [victims, tries, most] = [values.victims, values.tries, values.others].map(Number) as [number, number, number];
  await useWasm();
  const cloud = await loadCloudModel(MODELS);
  const served = { model: cloud.model, tenant: new Uint8Array(TENANT_BYTES) };
  const people = await onePhotoEach(values.faces, values.names, victims + most);
  const random = seeded(1);
  const normal = (count: number) => gaussian(count, random);

  const made: { clean: Float32Array; sent: Float32Array[] }[] = [];
  const browser = { encoder: readReleased('encoder'), generator: readReleased('generator') };
  for (const [i, face] of people.entries()) {
    const messages = await Promise.all(
      Array.from({ length: i < victims ? CAPTURES : 1 }, () => protect(browser, face, random)),
    );
    made.push({ clean: messages[0]!.clean, sent: messages.map(({ perturbed }) => perturbed) });
    if (i % 100 === 0 || i === people.length - 1) showProgress((i + 1) / people.length, `${i + 1} faces encoded`);
  }
  const others = made.slice(victims);
  const mixable = others.slice(0, MIXED).map(({ clean }) => clean);

  const attackers: Record<string, (at: Interface) => Promise<Tries>> = {
    'verdicts: climbs': (at) =>
      climb(
        async (x) => Number(await at.verify(x)),
        (answer) => answer === 1,
        mixable,
        tries,
        normal,
      ),
    'verdicts: shows other people': (at) =>
      showAll(
        (x) => at.verify(x),
        others.map(({ sent }) => sent[0]!),
      ),
    'scores, which the product does not give: climbs': (at) =>
      climb(
        (x) => at.score(x),
        (score) => score >= cloud.threshold,
        mixable,
        tries,
        normal,
      ),
  };
  for (const [knows, attack] of Object.entries(attackers)) {
    const begun = process.cpuUsage();
    const results: { tries: Tries; highest: number }[] = [];
    for (const [victim, { sent }] of made.slice(0, victims).entries()) {
      const at = await openInterface(cloud.student, served, cloud.threshold, sent);
      results.push({ tries: await attack(at), highest: at.highest });
      showProgress((victim + 1) / victims, `${knows}: victim ${victim + 1} of ${victims}`);
    }
    const { user, system } = process.cpuUsage(begun);
    const row = {
      date: new Date().toISOString().slice(0, 10),
      commit: commit(7),
      attacker: 'H',
      defence: 'xnn-d',
      knows,
      model: toHex(cloud.model),
      threshold: cloud.threshold,
      victims,
      tries: results.reduce((sum, result) => sum + result.tries.tries, 0),
      accepted: results.filter(({ tries: { acceptedAt } }) => acceptedAt !== null).length,
      accepted_at: results.map(({ tries: { acceptedAt } }) => acceptedAt),
      highest: Number(Math.max(...results.map(({ highest }) => highest)).toFixed(4)),
      core_minutes: Number(((user + system) / 60e6).toFixed(1)),
      seed: 1,
    };
    console.log(JSON.stringify(row));
    await appendFile(ROWS, `${JSON.stringify(row)}\n`);
  }
}

async function useWasm(): Promise<void> {
  setWasmPaths(WASM_FOLDER);
  await tf.setBackend('wasm');
}

/** The first photo of so many people, spread over all there are. @throws no_images, too_few_identities */
async function onePhotoEach(faces: string, names: string, count: number): Promise<readonly Uint8Array[]> {
  const lines = await readFile(names, 'utf8').catch((cause: unknown) => {
    throw new XnnError('no_images', `${names} cannot be read`, { cause });
  });
  const all = lines
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { name: string }).name);
  const firsts = all.flatMap((name, row) => (all.indexOf(name) === row ? [row] : []));
  if (firsts.length < count) throw new XnnError('too_few_identities', `${firsts.length} people, ${count} are needed`);
  const file = await open(faces).catch((cause: unknown) => {
    throw new XnnError('no_images', `${faces} cannot be read: "python3 -m training.data" makes it`, { cause });
  });
  try {
    const header = 10 + (await file.read(Buffer.alloc(2), 0, 2, 8)).buffer.readUInt16LE();
    const chosen = Array.from({ length: count }, (_, i) => firsts[Math.floor((i * firsts.length) / count)]!);
    const photos: Uint8Array[] = [];
    for (const row of chosen) {
      const { buffer } = await file.read(new Uint8Array(FACE_BYTES), 0, FACE_BYTES, header + row * FACE_BYTES);
      photos.push(buffer);
    }
    return photos;
  } finally {
    await file.close();
  }
}

runCommand(main);
