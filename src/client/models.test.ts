import { createHash } from 'node:crypto';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeModel, loadModel, loadTail, type ModelSource } from './models.js';

const URL_OF_MODELS = 'https://app.test/models/';

/** Two float16 weights of a network, and the files that describe them. 1.5 in float16 is 0x3e00. */
function network(name: string, halves: readonly number[]) {
  const weights = new Uint8Array(new Uint16Array(halves).buffer);
  const spec = (weight: string, shape: readonly number[]) => ({
    name: weight,
    shape,
    dtype: 'float32',
    quantization: { dtype: 'float16', original_dtype: 'float32' },
  });
  const topology = {
    format: 'tfjs-weights',
    weightsManifest: [{ paths: [`${name}.bin`], weights: [spec('a', [halves.length - 1]), spec('b', [1])] }],
  };
  return {
    weights,
    topology,
    entry: {
      topology: `${name}.json`,
      weights: `${name}.bin`,
      bytes: weights.length,
      sha256: sha256(weights),
      topologySha256: sha256(JSON.stringify(topology)),
      parameters: halves.length,
    },
  };
}

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const ENCODER = network('encoder', [0x3e00, 0x3c00, 0x4000]);
const GENERATOR = network('generator', [0x3c00, 0xbc00]);
const TAIL = network('tail', [0x4000, 0x3c00]);
const KEYED = 'fedcba9876543210';

/** A server whose files can be changed, and a browser's cache. */
class Place implements ModelSource {
  readonly url = URL_OF_MODELS;
  readonly requests: string[] = [];
  readonly kept = new Map<string, Uint8Array<ArrayBuffer>>();
  files: Record<string, string | Uint8Array<ArrayBuffer>> = {
    'manifest.json': this.manifest(),
    'encoder.bin': ENCODER.weights,
    'encoder.json': JSON.stringify(ENCODER.topology),
    'generator.bin': GENERATOR.weights,
    'generator.json': JSON.stringify(GENERATOR.topology),
    'tail.bin': TAIL.weights,
    'tail.json': JSON.stringify(TAIL.topology),
  };
  away = false;

  manifest(change: object = {}, encoder: object = {}): string {
    const networks = { encoder: { ...ENCODER.entry, ...encoder }, generator: GENERATOR.entry, tail: TAIL.entry };
    return JSON.stringify({
      release: '1.2.3',
      model: '0123456789abcdef',
      keyedModel: KEYED,
      networks,
      metrics: {},
      ...change,
    });
  }

  readonly fetch = (url: string) => {
    const name = url.replace(this.url, '');
    this.requests.push(name);
    const file = this.files[name];
    if (this.away) return Promise.reject(new TypeError('Failed to fetch'));
    return Promise.resolve(file === undefined ? new Response('', { status: 404 }) : new Response(file));
  };

  readonly cache = {
    match: (key: RequestInfo | URL) => {
      const kept = this.kept.get(key as string);
      return Promise.resolve(kept && new Response(kept));
    },
    put: async (key: RequestInfo | URL, response: Response) => {
      this.kept.set(key as string, new Uint8Array(await response.arrayBuffer()));
    },
    delete: (key: RequestInfo | URL) => Promise.resolve(this.kept.delete(key as string)),
    keys: () => Promise.resolve([...this.kept.keys()].map((url) => new Request(url))),
  };
}

const ignore = () => {};
let place: Place;
beforeEach(() => {
  place = new Place();
});

describe('loadModel', () => {
  it('loads what the manifest names', async () => {
    const { release, model, encoder } = await loadModel(place, ignore);
    expect({ release, model }).toEqual({ release: '1.2.3', model: '0123456789abcdef' });
    expect(new Uint8Array(encoder.weights)).toEqual(ENCODER.weights);
    expect(encoder.specs.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('tells how much is here, up to all of it', async () => {
    const fractions: number[] = [];
    await loadModel(place, (fraction) => fractions.push(fraction));
    expect(fractions[0]).toBeCloseTo(0.6);
    expect(fractions.at(-1)).toBe(1);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  });

  it('asks for the manifest alone on the second visit, and for nothing offline', async () => {
    await loadModel(place, ignore);
    place.requests.length = 0;
    await loadModel(place, ignore);
    expect(place.requests).toEqual(['manifest.json']);
    place.away = true;
    expect((await loadModel(place, ignore)).release).toBe('1.2.3');
  });

  it('takes the manifest it has when the server answers an error', async () => {
    await loadModel(place, ignore);
    delete place.files['manifest.json'];
    expect((await loadModel(place, ignore)).release).toBe('1.2.3');
  });

  it('loads a new release, and keeps nothing of the old one', async () => {
    await loadModel(place, ignore);
    const newer = network('encoder', [0, 0, 0]);
    place.files['encoder.bin'] = newer.weights;
    place.files['manifest.json'] = place.manifest({ release: '2.0.0' }, newer.entry);
    expect((await loadModel(place, ignore)).release).toBe('2.0.0');
    expect([...place.kept.keys()].some((key) => key.includes(ENCODER.entry.sha256))).toBe(false);
    expect(place.kept.size).toBe(5);
  });

  it('works where nothing can be kept', async () => {
    expect((await loadModel({ ...place, url: place.url, cache: null }, ignore)).release).toBe('1.2.3');
    const full = { ...place.cache, put: () => Promise.reject(new DOMException('', 'QuotaExceededError')) };
    expect((await loadModel({ url: place.url, fetch: place.fetch, cache: full }, ignore)).release).toBe('1.2.3');
  });

  it.each(['encoder.bin', 'encoder.json'])('downloads %s again when it was changed in the cache', async (name) => {
    await loadModel(place, ignore);
    const key = [...place.kept.keys()].find((address) => address.includes(name))!;
    const right = place.kept.get(key);
    place.kept.set(key, new Uint8Array(6));
    const { encoder } = await loadModel(place, ignore);
    expect(new Uint8Array(encoder.weights)).toEqual(ENCODER.weights);
    expect(place.kept.get(key)).toEqual(right);
  });

  it('refuses weights of a wrong hash, and does not keep them', async () => {
    const changed = ENCODER.weights.slice();
    changed[0]! ^= 1;
    place.files['encoder.bin'] = changed;
    await expect(loadModel(place, ignore)).rejects.toMatchObject({ code: 'model_hash_wrong' });
    expect([...place.kept.keys()]).toEqual([]);
  });

  it('refuses weights of a wrong size', async () => {
    place.files['manifest.json'] = place.manifest({}, { bytes: ENCODER.entry.bytes + 2 });
    await expect(loadModel(place, ignore)).rejects.toMatchObject({ code: 'model_hash_wrong' });
  });

  it.each(['manifest.json', 'encoder.bin', 'generator.json'])('misses %s', async (name) => {
    delete place.files[name];
    await expect(loadModel(place, ignore)).rejects.toMatchObject({ code: 'model_missing' });
  });

  it('misses everything on a first visit without a server', async () => {
    place.away = true;
    await expect(loadModel(place, ignore)).rejects.toMatchObject({ code: 'model_missing' });
  });

  const entry = ENCODER.entry;
  it.each([
    ['not JSON', '<!doctype html>'],
    ['null', 'null'],
    ['no networks', JSON.stringify({ release: '1', model: '0123456789abcdef' })],
    ['one network', JSON.stringify({ release: '1', model: '0123456789abcdef', networks: { encoder: entry } })],
    ['no release', new Place().manifest({ release: 1 })],
    ['a short version', new Place().manifest({ model: '0123' })],
    ['a version in capitals', new Place().manifest({ model: '0123456789ABCDEF' })],
    ['a path', new Place().manifest({}, { weights: '../secret.bin' })],
    ['another host', new Place().manifest({}, { topology: '//other.test/x.json' })],
    ['no size', new Place().manifest({}, { bytes: 0 })],
    ['a short hash', new Place().manifest({}, { sha256: 'abc' })],
    ['no hash of a topology', new Place().manifest({}, { topologySha256: undefined })],
  ])('refuses a manifest with %s', async (_, manifest) => {
    place.files['manifest.json'] = manifest;
    await expect(loadModel(place, ignore)).rejects.toMatchObject({ code: 'model_invalid' });
  });

  const { topology } = ENCODER;
  const [group] = topology.weightsManifest;
  it.each([
    ['another format', { ...topology, format: 'graph-model' }],
    ['no weights', { ...topology, weightsManifest: [] }],
    ['fewer weights than bytes', { ...topology, weightsManifest: [{ weights: [group!.weights[0]] }] }],
    ['a negative shape', { ...topology, weightsManifest: [{ weights: [{ ...group!.weights[0], shape: [-3] }] }] }],
    [
      'float32, for which it is too short',
      { ...topology, weightsManifest: [{ weights: [{ ...group!.weights[0], quantization: undefined }] }] },
    ],
    [
      'bytes of no scale',
      [{ weights: [{ ...group!.weights[0], shape: [6], quantization: { dtype: 'uint8', min: 0 } }] }],
    ],
  ])('refuses a topology with %s', async (_, value) => {
    const text = JSON.stringify(value);
    place.files['encoder.json'] = text;
    place.files['manifest.json'] = place.manifest({}, { topologySha256: sha256(text) });
    await expect(loadModel(place, ignore)).rejects.toMatchObject({ code: 'model_invalid' });
  });

  it('refuses a topology that gives the bytes to other weights, and does not keep it', async () => {
    const [first, second] = group!.weights;
    place.files['encoder.json'] = JSON.stringify({ ...topology, weightsManifest: [{ weights: [second, first] }] });
    await expect(loadModel(place, ignore)).rejects.toMatchObject({ code: 'model_hash_wrong' });
    expect([...place.kept.keys()].some((key) => key.includes('encoder.json'))).toBe(false);
  });
});

describe('decodeModel', () => {
  it('makes one float32 tensor a weight', async () => {
    await tf.setBackend('cpu');
    const files = await loadModel(place, ignore);
    const before = tf.memory().numTensors;
    const { encoder, generator } = decodeModel(files);
    expect(tf.memory().numTensors - before).toBe(4);
    expect([...(await encoder['a']!.data())]).toEqual([1.5, 1]);
    expect([...(await generator['b']!.data())]).toEqual([-1]);
    expect(encoder['b']!.dtype).toBe('float32');
    tf.dispose([encoder, generator]);
  });
});

it('has the last whole release without a line after a newer one was seen and did not arrive', async () => {
  const place = new Place();
  await loadModel(place, () => {});
  const newer = network('encoder', [0x3e00, 0x3c00, 0x3c00]);
  place.files['manifest.json'] = place.manifest({ release: '1.3.0' }, newer.entry);
  delete place.files['encoder.bin'];
  await expect(loadModel(place, () => {})).rejects.toMatchObject({ code: 'model_missing' });
  place.away = true;
  expect((await loadModel(place, () => {})).release).toBe('1.2.3');
});

describe('loadTail', () => {
  it('is not loaded with the model; once asked for, it is kept', async () => {
    await tf.setBackend('cpu');
    await loadModel(place, ignore);
    expect(place.requests).not.toContain('tail.bin');
    const tail = await loadTail(place, KEYED);
    expect([...(await tail['a']!.data())]).toEqual([2]);
    tf.dispose(tail);
    await loadModel(place, ignore);
    place.requests.length = 0;
    tf.dispose(await loadTail(place, KEYED));
    expect(place.requests).toEqual(['manifest.json']);
  });

  it('of another release is refused, and a changed one', async () => {
    await expect(loadTail(place, '0'.repeat(16))).rejects.toMatchObject({ code: 'model_unsupported' });
    place.files['tail.bin'] = Uint8Array.of(1, 2, 3, 4);
    await expect(loadTail(place, KEYED)).rejects.toMatchObject({ code: 'model_hash_wrong' });
  });
});
