import * as tf from '@tensorflow/tfjs-core';
import { XnnError } from '../core/errors.js';
import { BACKENDS, type Backend } from './types.js';

/**
 * Makes the first backend that works the current one: WebGPU, WebGL, WebAssembly. Only code of those tried is loaded.
 *
 * @param wasmFolder address of the folder with tfjs's .wasm file, with a slash at the end
 * @param only tries this one alone
 * @throws no_backend
 */
export async function pickBackend(wasmFolder: string, only?: Backend): Promise<Backend> {
  const tried = only === undefined ? BACKENDS : [only];
  const failures: unknown[] = [];
  for (const backend of tried) {
    try {
      if (await works(backend, wasmFolder)) return backend;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new XnnError('no_backend', `tried ${tried.join(', ')}`, { cause: new AggregateError(failures) });
}

/**
 * Runs a computation without its result, so that its shaders are compiled. On WebGPU they compile side by side and nothing waits.
 *
 * @param compute keeps no tensor
 */
export async function compile(compute: () => void): Promise<void> {
  const engine: unknown = tf.backend();
  if (!hasParallelCompilation(engine)) return compute();
  tf.env().set('WEBGPU_ENGINE_COMPILE_ONLY', true);
  try {
    compute();
  } finally {
    // At once: what else runs while shaders compile needs its results.
    tf.env().set('WEBGPU_ENGINE_COMPILE_ONLY', false);
  }
  await engine.checkCompileCompletionAsync();
}

function hasParallelCompilation(engine: unknown): engine is { checkCompileCompletionAsync(): Promise<void> } {
  return (
    tf.getBackend() === 'webgpu' &&
    typeof engine === 'object' &&
    engine !== null &&
    'checkCompileCompletionAsync' in engine
  );
}

async function works(backend: Backend, wasmFolder: string): Promise<boolean> {
  return (await LOAD[backend](wasmFolder)) && (await tf.setBackend(backend)) && (await computesRight());
}

/** Registers a backend with tfjs. @returns false where the browser has nothing to run it on, before loading anything. */
const LOAD: Readonly<Record<Backend, (wasmFolder: string) => Promise<boolean>>> = {
  async webgpu() {
    const adapter: unknown = 'gpu' in navigator ? await navigator.gpu.requestAdapter() : null;
    if (adapter === null) return false;
    await import('@tensorflow/tfjs-backend-webgpu');
    return true;
  },
  async webgl() {
    if (new OffscreenCanvas(1, 1).getContext('webgl2') === null) return false;
    await import('@tensorflow/tfjs-backend-webgl');
    // With 16 bits the layer norms lose the features.
    return tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED');
  },
  async wasm(wasmFolder) {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    // Threads would run from blob: addresses, which the page's content security policy does not allow.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    setWasmPaths(wasmFolder);
    return true;
  },
};

/** A convolution whose result is known: drivers exist that initialise and then answer zeros. */
async function computesRight(): Promise<boolean> {
  const result = tf.tidy(() =>
    tf.fused.conv2d({
      x: tf.reshape<tf.Rank.R4>(tf.range(0, 16), [1, 2, 2, 4]),
      filter: tf.ones<tf.Rank.R4>([1, 1, 4, 1]),
      strides: 1,
      pad: 0,
      bias: tf.tensor1d([-7.5]),
      activation: 'relu',
    }),
  );
  try {
    const expected = [0, 14.5, 30.5, 46.5];
    const values = await result.data();
    return expected.every((value, i) => Math.abs(values[i]! - value) < 1e-3);
  } finally {
    result.dispose();
  }
}
