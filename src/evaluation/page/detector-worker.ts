import { expose } from 'comlink';
import { contextOf, detectInPhoto, lookCloser, onlyFace, startDetector } from '../../client/detect.js';
import { fetchDetector } from '../../client/detector-files.js';
import { XnnError } from '../../core/errors.js';
import type { Produced, Refusal } from '../task.js';

const { origin } = self.location;
const fetching: typeof fetch = (...request) => fetch(...request);
const started = fetchDetector(fetching, { models: `${origin}/models/`, wasm: `${origin}/wasm/` }).then(startDetector);

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

const finder = { findPoints };
export type PointFinder = typeof finder;

expose(finder);
