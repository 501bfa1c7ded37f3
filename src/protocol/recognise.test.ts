import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../core/errors.js';
import { asPerturbed } from '../core/features.js';
import { EMBEDDING_SIZE, FEATURE_VALUES, STEP_MAX } from '../core/spec.js';
import { encodeMessage, MESSAGE_BYTES } from '../wire/message.js';
import { readMessages, recognise, type Student } from './recognise.js';

const served = { model: new Uint8Array(8).fill(1), tenant: new Uint8Array(16).fill(2) };
const challenge = new Uint8Array(16).fill(3);

/** A message whose first step is `mark`, so that it can be told from others. */
function message(mark: number, header = { ...served, challenge }): Uint8Array {
  const values = new Float32Array(FEATURE_VALUES).fill(1);
  values[0] = mark / STEP_MAX;
  return encodeMessage(header, asPerturbed(values));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

function refusal(code: ErrorCode) {
  return expect.objectContaining({ name: 'XnnError', code }) as Error;
}

describe('readMessages', () => {
  test('reads one to five messages, in order', () => {
    const marks = [1, 2, 3, 4, 5];
    for (const count of [1, 2, 5]) {
      const body = joined(...marks.slice(0, count).map((mark) => message(mark)));
      const read = readMessages(body, served, 5);
      expect(read.map(({ features }) => features.steps[0])).toEqual(marks.slice(0, count));
      expect(read[0].challenge).toEqual(challenge);
    }
  });

  test.each([0, 1, MESSAGE_BYTES - 1, MESSAGE_BYTES + 1, 2 * MESSAGE_BYTES - 1])('%d bytes end too early', (size) => {
    expect(() => readMessages(joined(message(1), message(2)).subarray(0, size), served, 5)).toThrow(
      refusal('message_truncated'),
    );
  });

  test('one message more than asked for, or one byte, is too long', () => {
    expect(() => readMessages(joined(message(1), message(2)), served)).toThrow(refusal('message_too_long'));
    expect(() => readMessages(joined(message(1), Uint8Array.of(0)), served)).toThrow(refusal('message_too_long'));
    const six = joined(...Array.from({ length: 6 }, () => message(1)));
    expect(() => readMessages(six, served, 5)).toThrow(refusal('message_too_long'));
  });

  const other = { ...served, challenge };
  test.each([
    ['model', { ...other, model: new Uint8Array(8).fill(9) }, 'model_unsupported'],
    ['tenant', { ...other, tenant: new Uint8Array(16).fill(9) }, 'tenant_unknown'],
    ['challenge', { ...other, challenge: new Uint8Array(16).fill(9) }, 'challenge_invalid'],
  ] as const)('a second message of another %s is refused', (_, header, code) => {
    expect(() => readMessages(joined(message(1), message(2, header)), served, 5)).toThrow(refusal(code));
  });

  test('a difference in the last byte alone is seen', () => {
    const tenant = served.tenant.slice();
    tenant[15]! ^= 1;
    expect(() => readMessages(message(1, { ...other, tenant }), served)).toThrow(refusal('tenant_unknown'));
    const model = served.model.slice();
    model[7]! ^= 1;
    expect(() => readMessages(message(1, { ...other, model }), served)).toThrow(refusal('model_unsupported'));
  });
});

describe('recognise', () => {
  const student: Student = (batch) =>
    Promise.resolve(
      batch.map(({ steps }) => Float32Array.from({ length: EMBEDDING_SIZE }, (_, i) => (i === 0 ? steps[0]! : 0))),
    );

  test('gives one unit vector for each message, in order', async () => {
    const messages = readMessages(joined(message(50), message(-50)), served, 5);
    const embeddings = await recognise(student, messages);
    expect(embeddings.map((embedding) => embedding[0])).toEqual([1, -1]);
  });

  test('refuses a student that gives no direction', async () => {
    await expect(recognise(student, readMessages(message(0), served))).rejects.toThrow(refusal('model_invalid'));
  });
});
