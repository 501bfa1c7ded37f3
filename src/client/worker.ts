import { sha256 } from '@noble/hashes/sha2.js';
import * as tf from '@tensorflow/tfjs-core';
import { expose } from 'comlink';
import { alignFace, type Pixels } from '../core/align.js';
import { encode } from '../core/encoder.js';
import { XnnError } from '../core/errors.js';
import { keyedRotation } from '../core/keyed.js';
import type { Weights } from '../core/layers.js';
import { proofOf, proofSecret } from '../core/proof.js';
import type { RandomBytes } from '../core/random.js';
import { CROP_SIZE, FEATURE_SIZE, SEED_CHANNELS } from '../core/spec.js';
import { describe } from '../core/tail.js';
import { derive, type Derived } from '../core/xnn.js';
import { generateNoise, perturb } from '../core/xnn-d.js';
import { similarity, unit, type Embedding } from '../core/match.js';
import {
  descriptorOf,
  obfuscateFace,
  protect,
  protectUnderKey,
  type BrowserModel,
  type KeyedModel,
} from '../protocol/protect.js';
import { toHex } from '../wire/hex.js';
import type { KeyInfo } from '../wire/key-file.js';
import { encodeKeyedMessage, encodeMessage, encodeXnnMessage, UNBOUND } from '../wire/message.js';
import { compile, pickBackend } from './backend.js';
import type { Offer } from './cloud.js';
import {
  canvasFor,
  contextOf,
  detectInPhoto,
  lookCloser,
  onlyFace,
  startDetector,
  withoutBackground,
  type Detect,
} from './detect.js';
import { fetchDetector } from './detector-files.js';
import type { Protection, StartOptions, WorkerEngine } from './engine.js';
import type { Study } from './liveness.js';
import { decodeModel, loadModel, loadTail, MODEL_CACHE, type ModelSource } from './models.js';
import { tenantSecret } from './own-key.js';
import { yawOf } from './pose.js';
import { faceSize, hintFor, refusalOf } from './quality.js';
import type { Capture, Picture, Progress, Sighting, Started } from './types.js';

/** About what is downloaded beside the weights, in bytes; for the progress bar. */
const DETECTOR_BYTES = 13_230_000;
const STAGES = ['download', 'detector', 'backend', 'compile'] as const satisfies readonly Progress['stage'][];
/** Part of the start that is over when a stage begins. */
const BEGINS = { download: 0, detector: 0.6, backend: 0.7, compile: 0.8 } as const satisfies Record<
  Progress['stage'],
  number
>;

/** Side of what stands for a frame, in pixels. */
const FINGERPRINT_SIDE = 64;
const MOST_BYTES = 20_000_000;
const MOST_PIXELS = 50_000_000;
/** `crypto.getRandomValues` gives no more at a time. */
const RANDOM_CHUNK = 65_536;

interface Parts {
  readonly model: BrowserModel;
  readonly detect: Detect;
  /** Version of the networks. */
  readonly version: string;
  /** The same of keyed mode. */
  readonly keyedVersion: string;
  readonly source: ModelSource;
}

/** Largest key file, in bytes; one has about 600. */
const MOST_KEY_BYTES = 10_000;

class FaceEngine implements WorkerEngine {
  #parts: Parts | null = null;
  /** What the open key stands for, and what deployments are proved with. Its secret is not kept. */
  #key: (Derived & { readonly proof: Uint8Array }) | null = null;
  /** Keyed mode's tail, once it was asked for. */
  #tail: Promise<Weights> | null = null;
  /** The face that a liveness check began with; never leaves this worker. */
  #first: Embedding | null = null;

  async start(options: StartOptions, onProgress: (progress: Progress) => void): Promise<Started> {
    const report = stages(onProgress);
    let [weights, rest] = [0, 0];
    const downloaded = () => report.downloaded(0.1 * weights + 0.9 * Math.min(1, rest / DETECTOR_BYTES));
    const folders = placesIn(options.base);
    const fetching: typeof fetch = (...request) => fetch(...request);
    const source = { url: folders.models, fetch: fetching, cache: await openCache() };
    const networks = loadModel(source, (fraction) => {
      weights = fraction;
      downloaded();
    });
    const detector = fetchDetector(fetching, folders, (count) => {
      rest += count;
      downloaded();
    });
    const picked = pickBackend(folders.wasm, options.backend);

    // Networks are made ready while the detector, which is ten times as large, is on its way.
    const compiled = async () => {
      const [files] = await Promise.all([networks, picked]);
      const model = decodeModel(files);
      await warmUp(model);
      return { files, model };
    };
    const [{ files, model }, detect, backend] = await Promise.all([
      report.over('compile', compiled()),
      report.over('detector', detector.then(startDetector)),
      report.over('backend', picked),
      report.over('download', Promise.all([networks, detector])),
    ]);
    const { model: version, keyedModel: keyedVersion, release } = files;
    this.#parts = { model, detect, version, keyedVersion, source };
    return { backend, model: version, keyedModel: keyedVersion, release };
  }

  async prepareKeyed(): Promise<void> {
    const { model, keyedVersion, source } = this.#started();
    this.#tail ??= loadTail(source, keyedVersion).then(async (tail) => {
      await warmUpKeyed({ encoder: model.encoder, tail });
      return tail;
    });
    await this.#tail.catch((error: unknown) => {
      this.#tail = null;
      throw error;
    });
  }

  look(frame: ImageBitmap): Sighting {
    const { detect } = this.#started();
    const canvas = drawn(frame);
    const faces = detect(canvas);
    const [face] = faces;
    const crop = face ? alignFace(pixelsOf(canvas), face.points) : null;
    return { hint: hintFor(faces, crop), box: face?.box ?? null };
  }

  async study(frame: ImageBitmap, anew: boolean): Promise<Study> {
    const { model, detect } = this.#started();
    if (anew) this.#first = null;
    const canvas = drawn(frame);
    const seen = detect(canvas);
    const faces = withoutBackground(seen).length;
    const face = faces === 0 ? undefined : lookCloser(detect, canvas, seen[0]!);
    const crop = face ? alignFace(pixelsOf(canvas), face.points) : null;
    const hint = hintFor(face ? [face, ...seen.slice(1)] : [], crop);
    return {
      faces,
      hint,
      box: face?.box ?? null,
      frameHeight: canvas.height,
      yaw: face ? yawOf(face.points) : NaN,
      size: face ? faceSize(face.points) : 0,
      fingerprint: fingerprintOf(canvas),
      likeness: hint === null && crop !== null ? await this.#likeness(model, crop) : null,
    };
  }

  /** Of a face that looks straight with the first one. */
  async #likeness({ encoder }: BrowserModel, crop: Uint8Array): Promise<number> {
    await this.prepareKeyed();
    const descriptor = unit(await descriptorOf({ encoder, tail: await this.#tail! }, crop));
    this.#first ??= descriptor;
    return similarity(this.#first, descriptor);
  }

  async capture(picture: Picture, protection: Protection): Promise<Capture> {
    const { model, detect } = this.#started();
    if (typeof protection !== 'string') await this.prepareKeyed();
    const times = [performance.now()];
    const lap = () => times.push(performance.now());

    const canvas = drawn(picture instanceof Blob ? await opened(picture) : picture);
    const faces = picture instanceof Blob ? detectInPhoto(detect, canvas) : detect(canvas);
    const found = lookCloser(detect, canvas, onlyFace(faces));
    lap();
    const face = alignFace(pixelsOf(canvas), found.points);
    const refusal = refusalOf(found, face);
    if (refusal !== null) throw new XnnError(refusal);
    lap();
    const { clean, pack } = await this.#protected(model, face, protection);
    lap();
    const message = pack();
    lap();
    const [detection, align, encoding, packing] = times.slice(1).map((time, i) => time - times[i]!);
    return { face, clean, message, stageMs: { detect: detection!, align: align!, encode: encoding!, pack: packing! } };
  }

  async openKey(file: Blob, passphrase: string): Promise<KeyInfo> {
    const { version } = this.#started();
    this.closeKey();
    if (file.size > MOST_KEY_BYTES) throw new XnnError('key_invalid', `${file.size} bytes`);
    // What opens keys is loaded by those who have one.
    const { decodeKeyFile, infoOf } = await import('../wire/key-file.js');
    const key = await decodeKeyFile(await file.text(), passphrase);
    if (key.encoder !== version) throw new XnnError('encoder_differs', `made for ${key.encoder}, here is ${version}`);
    this.#key = { ...derive(key), proof: proofSecret(key) };
    const info = infoOf(key);
    key.secret.fill(0);
    return info;
  }

  isProved(offer: Offer): boolean {
    return proofOf(this.#opened().proof, offer) === offer.proof;
  }

  closeKey(): void {
    this.#key = null;
  }

  #opened() {
    if (this.#key === null) throw new XnnError('key_invalid', 'no key is open');
    return this.#key;
  }

  /** A face under protection, and how it is written. */
  async #protected(
    model: BrowserModel,
    face: Uint8Array,
    protection: Protection,
  ): Promise<{ clean: Float32Array; pack: () => Uint8Array }> {
    if (protection === 'noise') {
      const { clean, perturbed } = await protect(model, face, randomBytes);
      return { clean, pack: () => encodeMessage(UNBOUND, perturbed) };
    }
    if (protection !== 'network key') {
      const tail = await this.#tail!;
      const turn = keyedRotation(await tenantSecret(protection.key, protection.tenant));
      const { clean, descriptor } = await protectUnderKey({ encoder: model.encoder, tail }, face, turn);
      return { clean, pack: () => encodeKeyedMessage(UNBOUND, descriptor) };
    }
    const { clean, obfuscated } = await obfuscateFace(model.encoder, face, this.#opened());
    return { clean, pack: () => encodeXnnMessage(UNBOUND, obfuscated) };
  }

  #started(): Parts {
    if (this.#parts === null) throw new XnnError('page_failed', 'not started');
    return this.#parts;
  }
}

/** Tells of a start's stages, which overlap: of the first that is not over yet, and how far it is. */
function stages(onProgress: (progress: Progress) => void) {
  const left = new Set(STAGES);
  let told: Progress = { stage: 'download', fraction: 0 };
  const tell = (stage: Progress['stage'], fraction: number) => {
    // No finer than it is shown: the page draws each.
    if (stage !== told.stage || fraction !== told.fraction) onProgress({ stage, fraction });
    told = { stage, fraction };
  };
  return {
    /** @param part of what is to be downloaded */
    downloaded(part: number): void {
      if (left.has('download')) tell('download', Math.floor(100 * part * BEGINS.detector) / 100);
    },
    async over<Result>(stage: Progress['stage'], work: Promise<Result>): Promise<Result> {
      const result = await work;
      left.delete(stage);
      const [next] = left;
      if (next === undefined) tell(stage, 1);
      else if (next !== 'download') tell(next, BEGINS[next]);
      return result;
    },
  };
}

/** Addresses of what is downloaded, with a slash at the end. @param base as in `StartOptions` */
function placesIn(base: string = import.meta.env.BASE_URL): { models: string; wasm: string } {
  const address = new URL(base, self.location.origin).href;
  return { models: `${address}models/`, wasm: `${address}wasm/` };
}

/** Runs the networks once on nothing, first without waiting for results, so that the first capture is as quick as the others. */
async function warmUp(model: BrowserModel): Promise<void> {
  await compile(() => {
    tf.tidy(() => {
      const { stem, features } = encode(model.encoder, tf.zeros([1, CROP_SIZE, CROP_SIZE, 3]));
      const seed = tf.zeros<tf.Rank.R4>([1, FEATURE_SIZE, FEATURE_SIZE, SEED_CHANNELS]);
      perturb(features, generateNoise(model.generator, stem, seed));
    });
  });
  await protect(model, new Uint8Array(CROP_SIZE * CROP_SIZE * 3), randomBytes);
}

async function warmUpKeyed(model: KeyedModel): Promise<void> {
  await compile(() => {
    tf.tidy(() => {
      const { features } = encode(model.encoder, tf.zeros([1, CROP_SIZE, CROP_SIZE, 3]));
      describe(model.tail, features);
    });
  });
}

const randomBytes: RandomBytes = (length) => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += RANDOM_CHUNK) crypto.getRandomValues(bytes.subarray(at, at + RANDOM_CHUNK));
  return bytes;
};

/** A file as a picture, upright as its EXIF data says. @throws image_too_large, image_corrupt */
async function opened(file: Blob): Promise<ImageBitmap> {
  if (file.size > MOST_BYTES) throw new XnnError('image_too_large', `${file.size} bytes`);
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch (cause) {
    throw new XnnError('image_corrupt', undefined, { cause });
  }
}

/** Draws a picture, scaled down if it is large, and closes it. @throws image_too_large */
function drawn(picture: ImageBitmap): OffscreenCanvas {
  const { width, height } = picture;
  try {
    if (width * height > MOST_PIXELS) throw new XnnError('image_too_large', `${width}×${height} pixels`);
    const { canvas, context } = canvasFor(width, height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas;
  } finally {
    picture.close();
  }
}

function pixelsOf(canvas: OffscreenCanvas): Pixels {
  return contextOf(canvas).getImageData(0, 0, canvas.width, canvas.height);
}

/** The same for the same pixels, or nearly all: SHA-256 of the frame, scaled down. */
function fingerprintOf(canvas: OffscreenCanvas): string {
  const small = new OffscreenCanvas(FINGERPRINT_SIDE, FINGERPRINT_SIDE);
  contextOf(small).drawImage(canvas, 0, 0, FINGERPRINT_SIDE, FINGERPRINT_SIDE);
  return toHex(sha256(new Uint8Array(pixelsOf(small).data.buffer)));
}

/** Null where the browser forbids keeping anything. */
async function openCache(): Promise<Cache | null> {
  return caches.open(MODEL_CACHE).catch(() => null);
}

expose(new FaceEngine());
