import './no-reports.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { XnnError } from '../core/errors.js';
import { unit, type Embedding } from '../core/match.js';
import { EMBEDDING_SIZE, FEATURE_VALUES, TOKEN_CHANNELS, TOKEN_COUNT } from '../core/spec.js';
import { asObfuscated, type ObfuscatedTokens } from '../core/tokens.js';

/** X̃ of one face to a unit embedding [128]. */
export type Tail = (tokens: ObfuscatedTokens) => Promise<Embedding>;

/**
 * Loads a network that was trained on protected features: ONNX, input `tokens` float32 [n, 49, 512], output `embedding` float32
 * [n, 128]. Whether it was trained with a certain key cannot be seen in it. It computes on this thread, for as long as it likes: a
 * stranger's network belongs in a process of its own (`startTail`).
 *
 * @throws tail_invalid if it is not such a network, by a trial
 */
export async function loadTail(weights: Uint8Array): Promise<Tail> {
  const fails = (cause: unknown): never => {
    throw new XnnError('tail_invalid', cause instanceof Error ? cause.message : String(cause), { cause });
  };
  // So ONNX begins to name another file that holds weights: a network from elsewhere must not read files of this machine.
  if (Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength).includes('location'))
    fails('weights in other files');
  const session = await InferenceSession.create(weights, { interOpNumThreads: 1 }).catch(fails);
  if (session.inputNames.join() !== 'tokens' || !session.outputNames.includes('embedding')) {
    const names = `inputs ${session.inputNames.join()}, outputs ${session.outputNames.join()}`;
    throw new XnnError('tail_invalid', `${names} instead of tokens and embedding`);
  }
  const tail: Tail = async (tokens) => {
    const input = new Tensor('float32', tokens, [1, TOKEN_COUNT, TOKEN_CHANNELS]);
    const { embedding } = await session.run({ tokens: input }, ['embedding']).catch(fails);
    const values = embedding?.data;
    if (!(values instanceof Float32Array) || embedding?.dims.join() !== `1,${EMBEDDING_SIZE}`) {
      const shape = `${embedding?.type} [${embedding?.dims.join()}]`;
      throw new XnnError('tail_invalid', `an embedding ${shape} instead of float32 [1,${EMBEDDING_SIZE}]`);
    }
    return unit(values);
  };
  await tail(asObfuscated(Float32Array.from({ length: FEATURE_VALUES }, (_, i) => Math.sin(i)))).catch(fails);
  return tail;
}
