import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../core/errors.js';
import { asFeatures, asPerturbed } from '../core/features.js';
import { asKeyedDescriptor } from '../core/keyed.js';
import { quantise } from '../core/quantise.js';
import { FEATURE_CHANNELS, FEATURE_VALUES } from '../core/spec.js';
import { asObfuscated, quantiseTokens, tokens as tokensOf } from '../core/tokens.js';
import {
  decodeKeyedMessage,
  decodeMessage,
  decodeXnnMessage,
  encodeKeyedMessage,
  encodeMessage,
  encodeXnnMessage,
  isKeyed,
  KEYED_MESSAGE_BYTES,
  MESSAGE_BYTES,
  modeOf,
  tenantOf,
  XNN_MESSAGE_BYTES,
} from './message.js';

const features = asPerturbed(
  Float32Array.from({ length: FEATURE_VALUES }, (_, i) => Math.sin(i * 7.31) * (1 + (i % 5))),
);
const header = {
  model: Uint8Array.from({ length: 8 }, (_, i) => 10 + i),
  tenant: Uint8Array.from({ length: 16 }, (_, i) => 40 + i),
  challenge: Uint8Array.from({ length: 16 }, (_, i) => 80 + i),
};

const SCALES_AT = 48;
const STEPS_AT = SCALES_AT + 4 * FEATURE_CHANNELS;

/** A valid message after `change`. */
function changed(change: (bytes: Uint8Array, view: DataView) => void): Uint8Array {
  const bytes = encodeMessage(header, features);
  change(bytes, new DataView(bytes.buffer));
  return bytes;
}

function refusal(code: ErrorCode) {
  return expect.objectContaining({ name: 'XnnError', code }) as Error;
}

test('a message has 13,104 bytes, which is at most 26 kB', () => {
  expect(MESSAGE_BYTES).toBe(13_104);
  expect(encodeMessage(header, features)).toHaveLength(MESSAGE_BYTES);
});

test('what is encoded is decoded', () => {
  expect(decodeMessage(encodeMessage(header, features))).toEqual({ ...header, features: quantise(features) });
});

test('every field lies where the struct says', () => {
  const bytes = encodeMessage(header, features);
  const { scales, steps } = quantise(features);
  expect(new TextDecoder().decode(bytes.subarray(0, 4))).toBe('XNNF');
  expect(Array.from(bytes.subarray(4, 8))).toEqual([2, 1, 0, 0]);
  expect(bytes.subarray(8, 16)).toEqual(header.model);
  expect(bytes.subarray(16, 32)).toEqual(header.tenant);
  expect(bytes.subarray(32, 48)).toEqual(header.challenge);
  const view = new DataView(bytes.buffer);
  expect(view.getFloat32(SCALES_AT, true)).toBe(scales[0]);
  expect(view.getFloat32(STEPS_AT - 4, true)).toBe(scales[FEATURE_CHANNELS - 1]);
  expect((view.getInt8(STEPS_AT) << 28) >> 28).toBe(steps[0]);
  expect(view.getInt8(STEPS_AT) >> 4).toBe(steps[1]);
  expect(view.getInt8(MESSAGE_BYTES - 1) >> 4).toBe(steps[FEATURE_VALUES - 1]);
});

test('a message inside a larger buffer is read where it lies, and shares no memory with what is decoded', () => {
  const message = encodeMessage(header, features);
  for (const offset of [1, 3, 64]) {
    const buffer = new Uint8Array(offset + MESSAGE_BYTES + 5).fill(0xaa);
    buffer.set(message, offset);
    const decoded = decodeMessage(buffer.subarray(offset, offset + MESSAGE_BYTES));
    buffer.fill(0);
    expect(decoded).toEqual({ ...header, features: quantise(features) });
  }
});

test('zeros and the largest and smallest steps pass', () => {
  expect(() => decodeMessage(encodeMessage(header, asPerturbed(new Float32Array(FEATURE_VALUES))))).not.toThrow();
  const bytes = changed((bytes) => {
    bytes[STEPS_AT] = 0x97;
    bytes[STEPS_AT + 1] = 0xf1;
  });
  expect(Array.from(decodeMessage(bytes).features.steps.subarray(0, 4))).toEqual([7, -7, 1, -1]);
});

describe('sizes', () => {
  const message = encodeMessage(header, features);

  test.each([0, 1, 4, STEPS_AT, MESSAGE_BYTES - 1])('%d bytes are too few', (size) => {
    expect(() => decodeMessage(message.subarray(0, size))).toThrow(refusal('message_truncated'));
  });

  test.each([1, 4, MESSAGE_BYTES])('%d bytes more are too many', (more) => {
    const longer = new Uint8Array(MESSAGE_BYTES + more);
    longer.set(message);
    expect(() => decodeMessage(longer)).toThrow(refusal('message_too_long'));
  });
});

test.each([0, 1, 2, 3, 6, 7])('another byte at %d is no message', (at) => {
  expect(() => decodeMessage(changed((bytes) => (bytes[at]! ^= 1)))).toThrow(refusal('message_invalid'));
});

test.each([
  ['format', 4, 0],
  ['format', 4, 1],
  ['format', 4, 3],
  ['mode', 5, 0],
  ['mode', 5, 2],
])('%s at %d with value %d is not served', (_, at, value) => {
  expect(() => decodeMessage(changed((bytes) => (bytes[at] = value)))).toThrow(refusal('format_unsupported'));
});

describe.each([0, 64, FEATURE_CHANNELS - 1])('the scale of channel %d', (channel) => {
  test.each([NaN, Infinity, -Infinity, 0, -0, -0.01, 1e-30, 1e-45, 8.001, 3e38])('cannot be %d', (scale) => {
    const bytes = changed((_, view) => view.setFloat32(SCALES_AT + 4 * channel, scale, true));
    expect(() => decodeMessage(bytes)).toThrow(refusal('message_values_invalid'));
  });
});

test.each([0, 1, FEATURE_VALUES / 2 - 1])('no step of pair %d can be -8', (i) => {
  for (const pair of [0x08, 0x80, 0x88]) {
    const bytes = changed((bytes) => (bytes[STEPS_AT + i] = pair));
    expect(() => decodeMessage(bytes)).toThrow(refusal('message_values_invalid'));
  }
});

test.each(['model', 'tenant', 'challenge'] as const)('a %s of another size is not encoded', (field) => {
  for (const size of [0, header[field].length - 1, header[field].length + 1]) {
    expect(() => encodeMessage({ ...header, [field]: new Uint8Array(size) }, features)).toThrow(
      refusal('message_invalid'),
    );
  }
});

test('features of another size are none', () => {
  for (const size of [0, FEATURE_VALUES - 1, FEATURE_VALUES + 1]) {
    expect(() => asFeatures(new Float32Array(size))).toThrow(refusal('model_invalid'));
    expect(() => asPerturbed(new Float32Array(size))).toThrow(refusal('model_invalid'));
  }
});

test('features with a value that is not a number do not become a message that is accepted', () => {
  const broken = asPerturbed(features.map((value, i) => (i === 300 ? NaN : value)));
  expect(() => decodeMessage(encodeMessage(header, broken))).toThrow(refusal('message_values_invalid'));
});

describe('under the key of a network', () => {
  const tokens = asObfuscated(Float32Array.from(features));
  const message = encodeXnnMessage(header, tokens);

  test('a message has 25,332 bytes, and is decoded to what was encoded', () => {
    expect(message).toHaveLength(25_332);
    expect(message).toHaveLength(XNN_MESSAGE_BYTES);
    expect(Array.from(message.subarray(4, 8))).toEqual([2, 2, 0, 0]);
    expect(decodeXnnMessage(message)).toEqual({ ...header, tokens: quantiseTokens(tokens) });
    expect(modeOf(message)).toBe('xnn');
    expect(isKeyed(message)).toBe(false);
    expect(tenantOf(message)).toEqual(header.tenant);
  });

  test('what is decoded shares no memory with the message', () => {
    const bytes = Buffer.from(message);
    const decoded = decodeXnnMessage(bytes);
    bytes.fill(0);
    expect(decoded).toEqual(decodeXnnMessage(message));
  });

  test('each mode refuses the other', () => {
    const padded = new Uint8Array(XNN_MESSAGE_BYTES);
    padded.set(encodeMessage(header, features));
    expect(() => decodeXnnMessage(padded)).toThrow(refusal('format_unsupported'));
    expect(() => decodeMessage(message.subarray(0, MESSAGE_BYTES))).toThrow(refusal('format_unsupported'));
    expect(() => decodeMessage(message)).toThrow(refusal('message_too_long'));
    expect(() => decodeXnnMessage(message.subarray(1))).toThrow(refusal('message_truncated'));
    expect(() => modeOf(Uint8Array.of(0, 0, 0, 0, 1, 4))).toThrow(refusal('format_unsupported'));
  });

  test('scales and steps that no encoder makes are refused', () => {
    const broken = message.slice();
    new DataView(broken.buffer).setFloat32(48 + 4 * 48, NaN, true);
    expect(() => decodeXnnMessage(broken)).toThrow(refusal('message_values_invalid'));
    const low = message.slice();
    low[low.length - 1] = 0x80;
    expect(() => decodeXnnMessage(low)).toThrow(refusal('message_values_invalid'));
  });

  test('clean tokens cannot be encoded', () => {
    // @ts-expect-error their type says so
    void (() => encodeXnnMessage(header, tokensOf(asFeatures(features))));
  });
});

describe("under its owner's key", () => {
  const steps = Int8Array.from({ length: 128 }, (_, i) => (i % 255) - 127);
  const descriptor = asKeyedDescriptor(steps);
  const message = encodeKeyedMessage(header, descriptor);

  test('a message has 176 bytes, and is decoded to what was encoded', () => {
    expect(message).toHaveLength(176);
    expect(message).toHaveLength(KEYED_MESSAGE_BYTES);
    expect(Array.from(message.subarray(4, 8))).toEqual([2, 3, 0, 0]);
    expect(decodeKeyedMessage(message)).toEqual({ ...header, descriptor });
    expect([modeOf(message), isKeyed(message), isKeyed(encodeMessage(header, features))]).toEqual([
      'keyed',
      true,
      false,
    ]);
  });

  test('what is decoded shares no memory with the message', () => {
    const bytes = Buffer.from(message);
    const decoded = decodeKeyedMessage(bytes);
    bytes.fill(0);
    expect(decoded).toEqual(decodeKeyedMessage(message));
  });

  test('other modes, other sizes and directions that are none are refused', () => {
    expect(() => decodeKeyedMessage(message.subarray(1))).toThrow(refusal('message_truncated'));
    expect(() => decodeKeyedMessage(Uint8Array.of(...message, 0))).toThrow(refusal('message_too_long'));
    expect(() => decodeKeyedMessage(encodeMessage(header, features).subarray(0, 176))).toThrow(
      refusal('format_unsupported'),
    );
    expect(() => decodeKeyedMessage(message.slice().fill(0, 48))).toThrow(refusal('message_values_invalid'));
    expect(() => decodeKeyedMessage(message.slice().fill(0x80, 175))).toThrow(refusal('message_values_invalid'));
  });
});
