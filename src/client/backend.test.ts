import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compile } from './backend.js';

/** As tfjs's: reads nothing while it is told to compile only (`getBufferData` in its backend_webgpu.js). */
class FakeWebGpu extends MathBackendCPU {
  finish: () => void = () => {};
  readonly #compiled = new Promise<void>((resolve) => (this.finish = resolve));

  checkCompileCompletionAsync(): Promise<void> {
    return this.#compiled;
  }

  override read(dataId: object) {
    return compiles() ? Promise.resolve(new Float32Array()) : super.read(dataId);
  }
}

const compiles = () => tf.env().getBool('WEBGPU_ENGINE_COMPILE_ONLY');
let gpu: FakeWebGpu;

beforeEach(async () => {
  gpu = new FakeWebGpu();
  tf.env().registerFlag('WEBGPU_ENGINE_COMPILE_ONLY', () => false);
  tf.registerBackend('webgpu', () => gpu);
  await tf.setBackend('webgpu');
});

afterEach(() => tf.removeBackend('webgpu'));

test('while shaders compile, what else runs has its results', async () => {
  const during: boolean[] = [];
  const compiling = compile(() => during.push(compiles()));
  const other = tf.tensor1d([1, 2, 3]);
  expect([...(await other.data())]).toEqual([1, 2, 3]);
  other.dispose();
  gpu.finish();
  await compiling;
  expect(during).toEqual([true]);
});

test('a computation that fails leaves nothing that only compiles', async () => {
  await expect(
    compile(() => {
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(compiles()).toBe(false);
});
