import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../core/errors.js';
import { decodeTensors, encodeTensors, type Tensor } from './safetensors.js';

const tensors: Record<string, Tensor> = {
  scales: { dtype: 'F32', shape: [2, 1], bytes: new Uint8Array(new Float32Array([0.5, -2]).buffer) },
  labels: { dtype: 'I32', shape: [2], bytes: new Uint8Array(new Int32Array([7, -1]).buffer) },
  steps: { dtype: 'I8', shape: [2, 3], bytes: Uint8Array.from([1, 2, 3, 253, 254, 255]) },
  none: { dtype: 'I8', shape: [0, 3], bytes: new Uint8Array() },
  one: { dtype: 'F32', shape: [], bytes: new Uint8Array(4) },
};

/** A file with this header, of the length it says, and so many bytes of data. */
function file(header: unknown, data: number, length?: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const entry = (begin: unknown, end: unknown, shape: unknown = [2], dtype: unknown = 'I8') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

const refusal = (code: ErrorCode) => expect.objectContaining({ name: 'XnnError', code }) as Error;

test('what is written is read', () => {
  expect(Object.fromEntries(decodeTensors(encodeTensors(tensors)))).toEqual(tensors);
  expect(decodeTensors(encodeTensors({})).size).toBe(0);
});

test('every field lies where the format says', () => {
  const bytes = encodeTensors({ b: tensors.scales!, a: tensors.steps! });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  expect(bytes).toHaveLength(8 + length + 8 + 6);
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  expect(text).toMatch(/^\{.*\} *$/);
  expect(JSON.parse(text)).toEqual({
    b: { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
    a: { dtype: 'I8', shape: [2, 3], data_offsets: [8, 14] },
  });
  expect(new DataView(bytes.buffer).getFloat32(8 + length + 4, true)).toBe(-2);
  expect([...bytes.subarray(8 + length + 8)]).toEqual([1, 2, 3, 253, 254, 255]);
});

test('a file of another writer is read: metadata, blanks, data in another order than names, inside a larger buffer', () => {
  const header = { __metadata__: { made: 'by hand' }, late: entry(2, 4), early: entry(0, 2) };
  const inner = file(`${JSON.stringify(header)}   `, 4);
  inner.set([1, 2, 3, 4], inner.length - 4);
  const buffer = new Uint8Array(inner.length + 7);
  buffer.set(inner, 3);
  const read = decodeTensors(buffer.subarray(3, 3 + inner.length));
  expect([...read].map(([name, { bytes }]) => [name, ...bytes])).toEqual([
    ['early', 1, 2],
    ['late', 3, 4],
  ]);
});

describe('too short', () => {
  const whole = encodeTensors(tensors);

  test.each([0, 7, 8, 20, whole.length - 19, whole.length - 1])('%d bytes are refused', (size) => {
    expect(() => decodeTensors(whole.subarray(0, size))).toThrow(refusal('bundle_truncated'));
  });
});

test.each([
  ['a header that is not JSON', file('{"a":', 0)],
  ['a header that does not begin with a brace', file(' {}', 0)],
  ['a list for a header', file('[]', 0)],
  ['a header above the limit', file({}, 0, 100_000_001)],
  ['a header of 2⁶³ bytes', file({}, 0, 2 ** 63)],
  ['an entry that is none', file({ a: null }, 0)],
  ['a type that is not used here', file({ a: entry(0, 2, [2], 'U8') }, 2)],
  ['a type that every object has', file({ a: entry(0, 2, [2], 'toString') }, 2)],
  ['a negative length', file({ a: entry(0, 2, [-1, -2]) }, 2)],
  ['a length that is not whole', file({ a: entry(0, 2, [0.5, 4]) }, 2)],
  ['a shape that is too large for a number', file({ a: entry(0, 2, [2 ** 52, 2 ** 52]) }, 2)],
  ['three offsets', file({ a: { ...entry(0, 2), data_offsets: [0, 1, 2] } }, 2)],
  ['an offset in words', file({ a: entry('0', 2) }, 2)],
  ['offsets the wrong way round', file({ a: entry(2, 0) }, 2)],
  ['offsets that do not fit the shape', file({ a: entry(0, 3) }, 3)],
  ['a gap at the beginning', file({ a: entry(1, 3) }, 3)],
  ['a gap', file({ a: entry(0, 2), b: entry(3, 5) }, 5)],
  ['an overlap', file({ a: entry(0, 2), b: entry(1, 3) }, 3)],
  ['two tensors in one place', file({ a: entry(0, 2), b: entry(0, 2) }, 2)],
  ['bytes left over', file({ a: entry(0, 2) }, 3)],
  ['data without tensors', file({}, 1)],
])('%s is refused', (_, bytes) => {
  expect(() => decodeTensors(bytes)).toThrow(refusal('bundle_invalid'));
});

test('a tensor whose bytes do not fit its shape is not written', () => {
  expect(() => encodeTensors({ a: { ...tensors.steps!, shape: [2, 2] } })).toThrow(refusal('bundle_invalid'));
});
