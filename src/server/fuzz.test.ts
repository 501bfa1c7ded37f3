import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { XnnError } from '../core/errors.js';
import { dequantise } from '../core/quantise.js';
import { asPerturbed } from '../core/features.js';
import { FEATURE_VALUES } from '../core/spec.js';
import { decodeMessage, encodeMessage, MESSAGE_BYTES } from '../wire/message.js';
import { decodeTensors, encodeTensors } from '../wire/safetensors.js';
import { SERVED } from './testing.js';
import { cloudTargets, CODECS, drawing, fuzz, mutate, type Target } from './testing.fuzz.js';

// A few seconds of what `npm run fuzz` does a million times.

const CODEC_MESSAGES = 3_000;
const CLOUD_MESSAGES = 300;
const seed = Date.now() % 2 ** 31;

let cloud: Awaited<ReturnType<typeof cloudTargets>>;
beforeAll(async () => {
  cloud = await cloudTargets();
});
afterAll(() => cloud.close());

const bytes = (...sizes: readonly [least: number, most: number]) =>
  fc.uint8Array({ minLength: sizes[0], maxLength: sizes[1] });
const accepts = (read: () => void): boolean => {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof XnnError) return false;
    throw error;
  }
};

test('whatever becomes of good messages, readers give them back or refuse with a code', async () => {
  const given = await fuzz(CODECS, CODEC_MESSAGES, seed);
  expect(Object.values(given).every((count) => count > 0)).toBe(true);
});

test('whatever is asked of the cloud, it answers with a code, and never that it failed', async () => {
  await fuzz(
    cloud.targets.map((target): Target => ({ ...target, every: 1 })),
    CLOUD_MESSAGES,
    seed,
  );
});

test('the fuzzer finds a reader that falls, and names the seed', async () => {
  const falls: Target = {
    name: 'falls',
    seeds: [new Uint8Array(8)],
    every: 1,
    read: (read) => {
      if (read.length > 12) throw new RangeError('out of bounds');
    },
  };
  await expect(fuzz([falls], 1_000, 1)).rejects.toThrow(/^falls with seed \d+: RangeError/);
  expect(mutate(new Uint8Array(8), drawing(7))).toEqual(mutate(new Uint8Array(8), drawing(7)));
});

describe('of anything at all', () => {
  test('random bytes are refused by every reader', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CODECS), bytes(0, 400), ({ read }, given) => {
        void read(given);
      }),
    );
  });

  test('a message that is accepted has finite values, and is the one that was encoded', () => {
    fc.assert(
      fc.property(bytes(MESSAGE_BYTES, MESSAGE_BYTES), fc.boolean(), (given, headed) => {
        const whole = Uint8Array.from(given);
        if (headed) whole.set([0x58, 0x4e, 0x4e, 0x46, 2, 1, 0, 0]);
        if (accepts(() => decodeMessage(whole)))
          expect(dequantise(decodeMessage(whole).features).every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 50 },
    );
    fc.assert(
      fc.property(
        bytes(16, 16),
        fc.integer(),
        fc.float({ min: Math.fround(1e-3), max: 8, noNaN: true }),
        (challenge, at, size) => {
          const features = Float32Array.from({ length: FEATURE_VALUES }, (_, i) => size * Math.sin(i + at));
          const encoded = encodeMessage({ ...SERVED, challenge }, asPerturbed(features));
          expect(decodeMessage(encoded)).toMatchObject({ ...SERVED, challenge });
        },
      ),
      { numRuns: 50 },
    );
  });

  test('a safetensors header of any JSON is refused or describes exactly the bytes that are there', () => {
    const entry = fc.record({
      dtype: fc.constantFrom('F32', 'I8', 'F64', 7),
      shape: fc.array(fc.oneof(fc.nat(9), fc.double()), { maxLength: 3 }),
      data_offsets: fc.array(fc.oneof(fc.nat(64), fc.maxSafeInteger()), { minLength: 1, maxLength: 3 }),
    });
    const header = fc.oneof(
      fc.json(),
      fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())).map((of) => JSON.stringify(of)),
    );
    fc.assert(
      fc.property(header, fc.nat(64), (json, size) => {
        const text = Buffer.from(json);
        const length = Buffer.alloc(8);
        length.writeBigUInt64LE(BigInt(text.length));
        const file = Buffer.concat([length, text, Buffer.alloc(size)]);
        if (!accepts(() => decodeTensors(file))) return;
        const sum = [...decodeTensors(file).values()].reduce((total, tensor) => total + tensor.bytes.length, 0);
        expect(sum).toBe(size);
      }),
    );
    expect(decodeTensors(encodeTensors({})).size).toBe(0);
  });

  test('any JSON at the login is refused with a code', async () => {
    const withNul = JSON.stringify({ challenge: '03'.repeat(16), messages: '', device: { id: '\0', response: {} } });
    const login = cloud.targets.find(({ name }) => name === 'login')!;
    const text = fc.string({ maxLength: 40, unit: 'binary' });
    const request = fc.record(
      {
        challenge: fc.oneof(fc.constant('03'.repeat(16)), text),
        messages: fc.oneof(fc.base64String(), text),
        device: fc.record({ id: text, response: fc.dictionary(text, fc.jsonValue()), type: fc.jsonValue() }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.json(),
          request.map((of) => JSON.stringify(of)),
        ),
        async (body) => {
          await login.read(Buffer.from(body));
        },
      ),
      // It was found so: no text in a PostgreSQL holds a NUL.
      { numRuns: 60, examples: [[withNul]] },
    );
  });
});
