import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../core/errors.js';
import { FEATURE_VALUES } from '../core/spec.js';
import { decodeShard, encodeShard, parseManifest, type BundleManifest, type BundleRecord } from './bundle.js';
import { decodeTensors, encodeTensors } from './safetensors.js';

const records: BundleRecord[] = [2, 0, 1].map((label) => ({
  label,
  scales: Float32Array.from({ length: 49 }, (_, token) => (label + 1) / (token + 1)),
  steps: Int8Array.from({ length: FEATURE_VALUES }, (_, i) => ((i * (label + 3)) % 255) - 127),
}));
const shard = { file: '00000.safetensors', records: 3, bytes: 1, sha256: 'ab'.repeat(32) };
const manifest: BundleManifest = {
  format: 'xnn-bundle',
  version: 1,
  encoder: '0123456789abcdef',
  scheme: 'xnn',
  key: 'cd'.repeat(16),
  tokens: 49,
  channels: 512,
  classes: 3,
  records: 3,
  shards: [shard],
};

const refusal = (code: ErrorCode) => expect.objectContaining({ name: 'XnnError', code }) as Error;

test('records are read as they were written', () => {
  expect(decodeShard(encodeShard(records), shard, manifest)).toEqual(records);
});

test('a record has 25,288 bytes', () => {
  expect(encodeShard(records).length - encodeShard(records.slice(1)).length).toBe(25_288);
});

test('a manifest is read', () => {
  expect(parseManifest(JSON.stringify(manifest))).toEqual(manifest);
});

test.each([
  ['another version', { version: 2 }],
  ['another format', { format: 'zip' }],
  ['a scheme that is not known', { scheme: 'rot13' }],
  ['an encoder that is no version', { encoder: '../../..' }],
  ['more tokens', { tokens: 196 }],
  ['one class', { classes: 1 }],
  ['another number of records', { records: 4 }],
  ['no shards', { shards: [], records: 0 }],
  ['a shard elsewhere', { shards: [{ ...shard, file: '../00000.safetensors' }] }],
  ['a shard twice', { shards: [shard, shard], records: 6 }],
  ['something more', { names: ['Ada'] }],
])('a manifest with %s is refused', (_, change) => {
  expect(() => parseManifest(JSON.stringify({ ...manifest, ...change }))).toThrow(refusal('bundle_invalid'));
});

test('a manifest that is not JSON is refused', () => {
  for (const text of ['', '{', 'null']) expect(() => parseManifest(text)).toThrow(refusal('bundle_invalid'));
});

describe('a shard', () => {
  /** One whose first record is changed. */
  const changed = (change: Partial<BundleRecord>) => encodeShard([{ ...records[0]!, ...change }, ...records.slice(1)]);
  const withFirst = <T extends Float32Array | Int8Array>(values: T, value: number): T => {
    const copy = values.slice() as T;
    copy[0] = value;
    return copy;
  };

  test.each([
    ['a label that is no class', changed({ label: 3 })],
    ['a negative label', changed({ label: -1 })],
    ['a step of -128', changed({ steps: withFirst(records[0]!.steps, -128) })],
    ['a scale of 0', changed({ scales: withFirst(records[0]!.scales, 0) })],
    ['a negative scale', changed({ scales: withFirst(records[0]!.scales, -1) })],
    ['a scale that is not a number', changed({ scales: withFirst(records[0]!.scales, NaN) })],
    ['an infinite scale', changed({ scales: withFirst(records[0]!.scales, Infinity) })],
    ['fewer records than its manifest says', encodeShard(records.slice(1))],
    [
      'a tensor more',
      encodeTensors({
        ...Object.fromEntries(decodeTensors(encodeShard(records))),
        names: { dtype: 'I8', shape: [1], bytes: Uint8Array.of(1) },
      }),
    ],
  ])('with %s is refused', (_, bytes) => {
    expect(() => decodeShard(bytes, shard, manifest)).toThrow(refusal('bundle_invalid'));
  });

  test('cut off is refused', () => {
    const bytes = encodeShard(records);
    expect(() => decodeShard(bytes.subarray(0, bytes.length - 1), shard, manifest)).toThrow(
      refusal('bundle_truncated'),
    );
  });
});
