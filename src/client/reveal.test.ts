import { describe, expect, it } from 'vitest';
import { asPerturbed } from '../core/features.js';
import { FEATURE_CHANNELS, FEATURE_VALUES, STEP_MAX } from '../core/spec.js';
import { encodeMessage, MESSAGE_BYTES } from '../wire/message.js';
import { coloursOf, opaque, reveal } from './reveal.js';

const features = Float32Array.from(
  { length: FEATURE_VALUES },
  (_, i) => Math.sin(i) * (1 + (i % FEATURE_CHANNELS) / 64),
);
const header = {
  model: new Uint8Array(8).fill(0xa1),
  tenant: new Uint8Array(16).fill(0xb2),
  challenge: new Uint8Array(16).fill(0xc3),
};
const capture = {
  face: Uint8Array.from({ length: 112 * 112 * 3 }, (_, i) => i % 251),
  clean: new Float32Array(FEATURE_VALUES),
  message: encodeMessage(header, asPerturbed(features)),
  stageMs: { detect: 0, align: 0, encode: 0, pack: 0 },
};

describe('reveal', () => {
  it('shows the features that the bytes hold, to half a step', () => {
    const { sent } = reveal(capture);
    const worst = sent.reduce((most, value, i) => Math.max(most, Math.abs(value - features[i]!)), 0);
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(3 / STEP_MAX / 2 + 1e-6);
  });

  it('names every byte of the message once', () => {
    const { fields } = reveal(capture);
    expect(fields.flatMap(({ bytes }) => [...bytes])).toEqual([...capture.message]);
    expect(fields.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(MESSAGE_BYTES);
    for (const name of ['model', 'tenant', 'challenge'] as const) {
      expect(fields.find((field) => field.name === name)?.bytes).toEqual(header[name]);
    }
  });

  it('gives the face with its colours in place', () => {
    const { face } = reveal(capture);
    expect([...face.data.subarray(0, 8)]).toEqual([0, 1, 2, 255, 3, 4, 5, 255]);
    expect(face.data.length).toBe(face.width * face.height * 4);
  });
});

it('makes bytes of a picture again', () => {
  expect(coloursOf(opaque(capture.face))).toEqual(capture.face);
});
