import { asFeatures, type Features } from '../core/features.js';
import { keystream } from '../core/keystream.js';
import { gaussian, type RandomBytes } from '../core/random.js';
import { FEATURE_CHANNELS, FEATURE_VALUES, TOKEN_CHANNELS } from '../core/spec.js';
import type { Key, Scheme } from '../core/xnn.js';
import { asDataset, type Dataset } from '../evaluation/dataset.js';
import type { FeatureSource, Made } from './source.js';

/** The same key for the same seed. */
export function keyOf(scheme: Scheme, seed: number): Key {
  return { scheme, encoder: '0123456789abcdef', secret: bytesOf(0, seed)(32) };
}

/** People with names, each with pictures that are not there. */
export function peopleOf(names: readonly string[], pictures: number): Dataset {
  const files = names.flatMap((name) => Array.from({ length: pictures }, (_, i) => `${name}/holiday ${i}.jpg`));
  return asDataset('photos', files, (file) => file.split('/')[0]!);
}

/** Features as no encoder makes them: pictures of a person differ by noise. */
export function featuresOf({ images }: Dataset, image: number): Features {
  const centre = gaussian(FEATURE_CHANNELS, bytesOf(1, images[image]!.identity));
  const noise = gaussian(FEATURE_VALUES, bytesOf(2, image));
  return asFeatures(noise.map((value, i) => 0.5 * value + centre[i % FEATURE_CHANNELS]!));
}

/** Answers with `featuresOf`, or with what `made` says instead. */
export function syntheticSource(set: Dataset, made: (image: number) => Made | null = () => null): FeatureSource {
  return async (images, deliver) => {
    for (const image of images) {
      await deliver(image, made(image) ?? { features: featuresOf(set, image), centred: false });
    }
  };
}

function bytesOf(purpose: number, seed: number): RandomBytes {
  return (length) => keystream(new Uint8Array(32), [purpose, seed, 0], length);
}

/**
 * A network as an ONNX file: the mean of the tokens, projected at random.
 *
 * @param channels that it takes a token to have
 */
export function meanTail({
  input = 'tokens',
  output = 'embedding',
  channels = TOKEN_CHANNELS,
  size = 128,
} = {}): Uint8Array {
  const weights = gaussian(channels * size, bytesOf(3, 0));
  // Fields of onnx.proto, by their numbers.
  const mean = [text(1, input), text(2, 'mean'), text(4, 'ReduceMean')];
  const attributes = [
    field(5, text(1, 'axes'), number(8, 1), number(20, 7)),
    field(5, text(1, 'keepdims'), number(3, 0), number(20, 2)),
  ];
  const project = [text(1, 'mean'), text(1, 'weights'), text(2, output), text(4, 'MatMul')];
  const matrix = [number(1, channels), number(1, size), number(2, 1), text(8, 'weights'), bytes(9, weights.buffer)];
  const value = (name: string, ...shape: readonly (number | string)[]) => {
    const dims = shape.map((dim) => field(1, typeof dim === 'number' ? number(1, dim) : text(2, dim)));
    return [text(1, name), field(2, field(1, number(1, 1), field(2, ...dims)))];
  };
  const graph = [
    field(1, ...mean, ...attributes),
    field(1, ...project),
    text(2, 'tail'),
    field(5, ...matrix),
    field(11, ...value(input, 'n', 49, channels)),
    field(12, ...value(output, 'n', size)),
  ];
  return Buffer.concat([number(1, 8), field(7, ...graph), field(8, number(2, 13))]);
}

// Protocol buffers: a field is its number and wire type, then a number, or a length and bytes.

function varint(value: number): Buffer {
  return value < 128
    ? Buffer.from([value])
    : Buffer.concat([Buffer.from([(value % 128) + 128]), varint(Math.floor(value / 128))]);
}

function number(id: number, value: number): Buffer {
  return Buffer.concat([varint(8 * id), varint(value)]);
}

function field(id: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint(8 * id + 2), varint(content.length), content]);
}

function text(id: number, value: string): Buffer {
  return field(id, Buffer.from(value));
}

function bytes(id: number, value: ArrayBufferLike): Buffer {
  return field(id, new Uint8Array(value));
}
