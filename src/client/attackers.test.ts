import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { readJudgeFile } from '../server/testing.js';
import { FOREIGN_JUDGE_BYTES } from './attack.js';
import { loadForeignJudge, loadLinker, loadPainters, strangersAt } from './attackers.js';
import type { ModelSource } from './models.js';

/** The released files, and whatever is put in their place. */
const source = (changed: Record<string, string> = {}): ModelSource => ({
  url: 'https://app.test/attackers/',
  fetch: (url) => {
    const name = url.replace(/.*\//, '');
    const file = new URL(`../../public/attackers/${name}`, import.meta.url);
    return Promise.resolve(new Response(changed[name] ?? new Uint8Array(readFileSync(file))));
  },
  cache: null,
});
const manifest = readFileSync(new URL('../../public/attackers/manifest.json', import.meta.url), 'utf8');
const CLOUD = JSON.parse(readFileSync(new URL('../../models/manifest.json', import.meta.url), 'utf8')) as {
  keyed: { threshold: { value: number } };
};
const VERSIONS = JSON.parse(readFileSync(new URL('../../public/models/manifest.json', import.meta.url), 'utf8')) as {
  model: string;
  keyedModel: string;
};

it('loads the painters that were released, tells how far it is, and is of the networks that run', async () => {
  await tf.setBackend('cpu');
  const fractions: number[] = [];
  const { weights, threshold, strangers } = await loadPainters(source(), VERSIONS, (part) => fractions.push(part));
  expect(fractions.at(-1)).toBe(1);
  expect(weights.clean['enter.weight']!.shape).toEqual([3, 3, 128, 96]);
  expect(threshold).toBe(CLOUD.keyed.threshold.value);
  expect(strangersAt(strangers, threshold)).toBeLessThanOrEqual(1e-4);
  tf.dispose(Object.values(weights));
});

it('loads the linkage attacker alone, with what he got', async () => {
  await tf.setBackend('cpu');
  const requested: string[] = [];
  const { fetch, ...rest } = source();
  const watched: ModelSource = { ...rest, fetch: (url, init) => (requested.push(url), fetch(url, init)) };
  const fractions: number[] = [];
  const { weights, linkable, measured } = await loadLinker(watched, VERSIONS, (part) => fractions.push(part));
  expect(requested.map((url) => url.replace(/.*\//, ''))).toEqual(['manifest.json', 'linker.bin', 'linker.json']);
  expect(fractions.at(-1)).toBe(1);
  expect(weights['embed.bias']!.shape).toEqual([128]);
  expect(measured).toMatchObject({ pairs: 1024, fmr: 1e-3, people: 50 });
  for (const { right, linked, mistaken } of Object.values(linkable)) {
    expect(right).toBeGreaterThan(0.9);
    expect(linked).toBeGreaterThan(mistaken);
  }
  tf.dispose(weights);
});

it.each([
  ['another release', { ...VERSIONS, model: '0'.repeat(16) }, {}, 'model_unsupported'],
  ['changed weights', VERSIONS, { 'clean.bin': 'changed', 'linker.bin': 'changed' }, 'model_hash_wrong'],
  ['a manifest without a judge', VERSIONS, { 'manifest.json': '{}' }, 'model_invalid'],
  [
    'strangers in words',
    VERSIONS,
    { 'manifest.json': manifest.replace(/"share": 0.5/, '"share": "half"') },
    'model_invalid',
  ],
  [
    'a linker without a threshold',
    VERSIONS,
    { 'manifest.json': manifest.replaceAll(/"threshold": 0\.\d+,\s+"right"/g, '"right"') },
    'model_invalid',
  ],
])('refuses %s', async (_, versions, changed, code) => {
  await expect(loadPainters(source(changed), versions, () => {})).rejects.toMatchObject({ code });
  await expect(loadLinker(source(changed), versions, () => {})).rejects.toMatchObject({ code });
});

const judgeManifest = readFileSync(new URL('../../public/judge/manifest.json', import.meta.url), 'utf8');
/** The foreign judge's manifest and the files of npm's package, and whatever is put in their place. */
const judgeSource = (changed: Record<string, string> = {}): ModelSource => ({
  url: 'https://app.test/judge/',
  fetch: (url) => {
    const name = url.replace(/.*\//, '');
    return Promise.resolve(
      new Response(changed[name] ?? (name === 'manifest.json' ? judgeManifest : readJudgeFile(name))),
    );
  },
  cache: null,
});

it('loads the foreign judge, who weighs what the page says, with what he got', async () => {
  await tf.setBackend('cpu');
  const before = tf.memory().numTensors;
  const fractions: number[] = [];
  const { weights, mean, threshold, strangers, measured } = await loadForeignJudge(judgeSource(), (part) =>
    fractions.push(part),
  );
  expect(tf.memory().numTensors - before).toBe(Object.keys(weights).length);
  expect(fractions.at(-1)).toBe(1);
  expect((JSON.parse(judgeManifest) as { network: { bytes: number } }).network.bytes).toBe(FOREIGN_JUDGE_BYTES);
  expect(Math.hypot(...mean)).toBeGreaterThan(0.5);
  expect(strangersAt(strangers, threshold)).toBeLessThanOrEqual(0.01);
  expect(measured).toMatchObject({ fmr: 1e-3, people: 50 });
  expect(measured.accepted).toBeGreaterThan(measured.mistaken + 0.5);
  tf.dispose(weights);
});

it.each([
  ['changed weights', { 'face_recognition_model.bin': 'changed' }, 'model_hash_wrong'],
  ['another description', { 'face_recognition_model-weights_manifest.json': '[]' }, 'model_hash_wrong'],
  ['an empty manifest', { 'manifest.json': '{}' }, 'model_invalid'],
  [
    'a mean that is too short',
    { 'manifest.json': JSON.stringify({ ...(JSON.parse(judgeManifest) as object), mean: [0.1] }) },
    'model_invalid',
  ],
  [
    'no measure of his errors',
    { 'manifest.json': JSON.stringify({ ...(JSON.parse(judgeManifest) as object), lfw: {} }) },
    'model_invalid',
  ],
])('refuses a foreign judge with %s', async (_, changed, code) => {
  await expect(loadForeignJudge(judgeSource(changed), () => {})).rejects.toMatchObject({ code });
});

it('says that the foreign judge is not there', async () => {
  const away: ModelSource = { ...judgeSource(), fetch: () => Promise.reject(new TypeError('offline')) };
  await expect(loadForeignJudge(away, () => {})).rejects.toMatchObject({ code: 'model_missing' });
});

it('says how many strangers reach a likeness', () => {
  const known = [
    { share: 0.5, likeness: 0 },
    { share: 0.01, likeness: 0.3 },
  ];
  expect([-0.2, 0.1, 0.3, 0.9].map((likeness) => strangersAt(known, likeness))).toEqual([null, 0.5, 0.01, 0.01]);
});
