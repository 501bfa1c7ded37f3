import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { loadAttackers, strangersAt } from './attackers.js';
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
const VERSIONS = JSON.parse(readFileSync(new URL('../../public/models/manifest.json', import.meta.url), 'utf8')) as {
  model: string;
  keyedModel: string;
};

it('loads what was released, tells how far it is, and is of the networks that run', async () => {
  await tf.setBackend('cpu');
  const fractions: number[] = [];
  const { painters, threshold, strangers } = await loadAttackers(source(), VERSIONS, (part) => fractions.push(part));
  expect(fractions.at(-1)).toBe(1);
  expect(painters.clean['enter.weight']!.shape).toEqual([3, 3, 128, 192]);
  expect(strangersAt(strangers, threshold)).toBeLessThanOrEqual(1e-4);
  tf.dispose(Object.values(painters));
});

it.each([
  ['another release', { ...VERSIONS, model: '0'.repeat(16) }, {}, 'model_unsupported'],
  ['changed weights', VERSIONS, { 'clean.bin': 'changed' }, 'model_hash_wrong'],
  ['a manifest without a judge', VERSIONS, { 'manifest.json': '{}' }, 'model_invalid'],
  [
    'strangers in words',
    VERSIONS,
    { 'manifest.json': manifest.replace(/"share": 0.5/, '"share": "half"') },
    'model_invalid',
  ],
])('refuses %s', async (_, versions, changed, code) => {
  await expect(loadAttackers(source(changed), versions, () => {})).rejects.toMatchObject({ code });
});

it('says how many strangers reach a likeness', () => {
  const known = [
    { share: 0.5, likeness: 0 },
    { share: 0.01, likeness: 0.3 },
  ];
  expect([-0.2, 0.1, 0.3, 0.9].map((likeness) => strangersAt(known, likeness))).toEqual([null, 0.5, 0.01, 0.01]);
});
