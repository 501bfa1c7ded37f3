import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { asPerturbed } from '../core/features.js';
import { similarity, unit, type Embedding } from '../core/match.js';
import { gaussian } from '../core/random.js';
import { CROP_SIZE, FEATURE_CHANNELS, FEATURE_VALUES } from '../core/spec.js';
import { goldenFace } from '../protocol/golden.js';
import { protect, type BrowserModel } from '../protocol/protect.js';
import { decodeMessage, encodeMessage } from '../wire/message.js';
import { loadCloudModel, type CloudModel } from './models.js';
import { readReleased, seeded, SERVED, WASM_FOLDER } from './testing.js';
import { drawing } from './testing.fuzz.js';

// Messages that show nobody, against the released student. Its gallery is the golden face, nobody's photo, in which the student sees somebody (waves and
// blurs are noise to it): whether the mean of many is like each of them only faces tell. With a file of aligned ones, uint8 [n, 112, 112, 3], such as
// training/ keeps:
//
//   FACES=training/cache/lfw.npy PEOPLE=200 npx vitest run src/server/wolf.test.ts

const FACES = process.env['FACES'];
const PEOPLE = Number(process.env['PEOPLE'] ?? 200);
/** Mixes that are tried. */
const TRIALS = 40;
const SIZE = CROP_SIZE * CROP_SIZE * 3;

let cloud: CloudModel;
let gallery: readonly Embedding[];
/** Clean features of everybody, which an attacker may have of people of his own. */
let features: readonly Float32Array[];

/** What the student makes of features, after a message's rounding. */
async function seen(values: Float32Array): Promise<Embedding> {
  const message = encodeMessage({ ...SERVED, challenge: new Uint8Array(16) }, asPerturbed(values));
  const [vector] = await cloud.student([decodeMessage(message).features]);
  return unit(vector!);
}

function faces(): readonly Uint8Array[] {
  if (FACES === undefined) return [goldenFace()];
  const file = readFileSync(FACES);
  const start = 10 + file.readUInt16LE(8);
  const step = Math.floor((file.length - start) / SIZE / PEOPLE);
  return Array.from(
    { length: PEOPLE },
    (_, i) => new Uint8Array(file.subarray(start + i * step * SIZE).subarray(0, SIZE)),
  );
}

beforeAll(async () => {
  cloud = await loadCloudModel(fileURLToPath(new URL('../../models', import.meta.url)));
  setWasmPaths(WASM_FOLDER);
  await tf.setBackend('wasm');
  const browser: BrowserModel = { encoder: readReleased('encoder'), generator: readReleased('generator') };
  const random = seeded(8);
  const [embeddings, clean]: [Embedding[], Float32Array[]] = [[], []];
  for (const face of faces()) {
    const made = await protect(browser, face, random);
    clean.push(made.clean);
    embeddings.push(await seen(made.perturbed));
  }
  [gallery, features] = [embeddings, clean];
}, 600_000);

const mean = (of: readonly Float32Array[]) =>
  Float32Array.from({ length: FEATURE_VALUES }, (_, i) => of.reduce((sum, values) => sum + values[i]! / of.length, 0));
const patterned = (value: (i: number) => number) => Float32Array.from({ length: FEATURE_VALUES }, (_, i) => value(i));

/** That a message is refused as nobody's, or matches nobody. */
async function expectNobody(values: Float32Array): Promise<void> {
  const embedding = await seen(values);
  if (similarity(embedding, cloud.nobody!) >= cloud.threshold) return;
  const cosine = Math.max(...gallery.map((template) => similarity(embedding, template)));
  if (FACES !== undefined) process.stderr.write(`${cosine.toFixed(3)}\n`);
  expect(cosine).toBeLessThan(cloud.threshold);
}

test.each<readonly [string, () => Float32Array]>([
  ['nothing', () => patterned(() => 0)],
  ['the largest values a message can have', () => patterned(() => 56)],
  ['the largest values of either sign', () => patterned((i) => (i % 2 === 0 ? 56 : -56))],
  ['one channel alone', () => patterned((i) => (i % FEATURE_CHANNELS === 0 ? 56 : 0))],
  ['noise alone', () => gaussian(FEATURE_VALUES, seeded(9))],
])('%s matches nobody', (_, values) => expectNobody(values()));

test('people are not refused as nobody', () => {
  const refused = gallery.filter((template) => similarity(template, cloud.nobody!) >= cloud.threshold);
  if (FACES !== undefined) process.stderr.write(`${refused.length} of ${gallery.length}\n`);
  expect(refused.length).toBeLessThanOrEqual(gallery.length / 1000);
});

test.runIf(FACES).each<readonly [string, () => Float32Array]>([
  ['the mean of everybody', () => mean(features)],
  ['the mean of everybody, as strong as a face', () => mean(features).map((value) => 3 * value)],
  ['the mean of half of them', () => mean(features.slice(0, features.length / 2))],
])('%s matches nobody', (_, values) => expectNobody(values()));

test.runIf(FACES)(
  'a mix of people that is chosen for being like one half of everybody matches nobody of the other half',
  async () => {
    const draw = drawing(10);
    const half = gallery.length >> 1;
    const [theirs, others] = [gallery.slice(0, half), gallery.slice(half)];
    const closest = (embedding: Embedding, among: readonly Embedding[]) =>
      among.map((template) => similarity(embedding, template)).toSorted((a, b) => b - a);
    let [best, wolf] = [-Infinity, null as Embedding | null];
    for (let trial = 0; trial < TRIALS; trial++) {
      const some = Array.from({ length: 2 + draw(6) }, () => features[draw(half)]!);
      const strength = 1 + draw(4);
      const embedding = await seen(mean(some).map((value) => strength * value));
      // Like many, not like the few that are in it.
      const likeness = closest(embedding, theirs)[half >> 2]!;
      if (likeness > best) [best, wolf] = [likeness, embedding];
    }
    const [cosine] = closest(wolf!, others);
    process.stderr.write(`${cosine!.toFixed(3)}\n`);
    expect(cosine).toBeLessThan(cloud.threshold);
  },
);
