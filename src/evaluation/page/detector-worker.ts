import { expose } from 'comlink';
import { contextOf, detectInPhoto, lookCloser, onlyFace, startDetector } from '../../client/detect.js';
import { XnnError } from '../../core/errors.js';
import type { Produced, Refusal } from '../task.js';

const WASM = `${self.location.origin}/wasm/vision_wasm_module_internal`;
const started = Promise.all([`${WASM}.wasm`, '/models/detector/blaze_face_short_range.tflite'].map(bytesOf)).then(
  ([wasm, model]) => startDetector({ loader: `${WASM}.js`, wasm: wasm!, model: model! }),
);

/** x and y of left eye, right eye, nose and mouth, in image pixels, as float32. */
async function findPoints(image: Blob): Promise<Produced | Refusal> {
  const detect = await started;
  try {
    const bitmap = await createImageBitmap(image);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    contextOf(canvas).drawImage(bitmap, 0, 0);
    const face = lookCloser(detect, canvas, onlyFace(detectInPhoto(detect, canvas)));
    const { leftEye, rightEye, nose, mouth } = face.points;
    const points = Float32Array.from([leftEye, rightEye, nose, mouth].flatMap(({ x, y }) => [x, y]));
    return { bytes: new Uint8Array(points.buffer), stageMs: null };
  } catch (error) {
    const code = error instanceof XnnError ? error.code : 'image_corrupt';
    return { code, detail: String(error) };
  }
}

async function bytesOf(address: string): Promise<ArrayBuffer> {
  return (await fetch(address)).arrayBuffer();
}

const finder = { findPoints };
export type PointFinder = typeof finder;

expose(finder);
