import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { cutForJudge, foldScales, JUDGED_SIZE } from './foreign-judge.js';
import { CROP_SIZE } from './spec.js';

beforeAll(async () => {
  expect(await tf.setBackend('cpu')).toBe(true);
});

describe('cutForJudge', () => {
  const at = (cut: Float32Array, row: number, column: number) =>
    [...cut.subarray((row * JUDGED_SIZE + column) * 3, (row * JUDGED_SIZE + column) * 3 + 3)].map(
      (value, c) => value * 255 + [122.782, 117.001, 104.298][c]!,
    );

  it('puts eyes and nose where dlib has them, as near as a similarity can', () => {
    // Red tells the column, green the row.
    const face = Uint8Array.from({ length: CROP_SIZE * CROP_SIZE * 3 }, (_, i) =>
      i % 3 === 0 ? Math.floor(i / 3) % CROP_SIZE : i % 3 === 1 ? Math.floor(i / 3 / CROP_SIZE) : 0,
    );
    const cut = cutForJudge(face);
    const [x, y, blue] = at(cut, 47, 48); // the left eye, to the pixel
    expect(Math.hypot(x! - 38.3, y! - 51.7)).toBeLessThan(3);
    expect(blue).toBeCloseTo(0, 3);
    const [noseX, noseY] = at(cut, 88, 74);
    expect(Math.hypot(noseX! - 56, noseY! - 71.7)).toBeLessThan(3);
  });

  it('goes on with the border outside the face', () => {
    const face = new Uint8Array(CROP_SIZE * CROP_SIZE * 3).fill(200);
    expect(
      cutForJudge(face).every((value, i) => Math.abs(value * 255 + [122.782, 117.001, 104.298][i % 3]! - 200) < 0.01),
    ).toBe(true);
  });
});

describe('foldScales', () => {
  const layer = (name: string) => ({
    [`${name}/conv/filters`]: tf.tensor4d([2, 3], [1, 1, 1, 2]),
    [`${name}/conv/bias`]: tf.tensor1d([1, -1]),
    [`${name}/scale/weights`]: tf.tensor1d([10, 100]),
    [`${name}/scale/biases`]: tf.tensor1d([0.5, 0]),
  });

  it('makes convolutions of convolutions and scales', async () => {
    const file = { ...layer('a/conv2'), fc: tf.zeros([2, 128]) };
    const before = tf.memory().numTensors;
    const weights = foldScales(file);
    expect(tf.memory().numTensors - before).toBe(3);
    expect([...(await weights['a.two.weight']!.data())]).toEqual([20, 300]);
    expect([...(await weights['a.two.bias']!.data())]).toEqual([10.5, -100]);
    tf.dispose([file, weights]);
  });

  it('refuses a file that lacks one', () => {
    const { 'b/scale/weights': scale, ...rest } = layer('b');
    expect(() => foldScales({ ...rest, fc: tf.zeros([2, 128]) })).toThrow(
      expect.objectContaining({ code: 'model_invalid' }),
    );
    scale!.dispose();
  });
});
