/** Puts what the browser needs of its libraries under public/: face detector, foreign judge, and the WebAssembly of detector and backend. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WASM_NAME, WASM_PARTS } from '../src/client/detector-files.js';
import { withImageMetadata } from './tflite-metadata.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const MODULES = join(ROOT, 'node_modules');
const DETECTOR = '@mediapipe/face_detection/face_detection_short_range.tflite';
const WASM = [
  // It needs SIMD, as does tfjs's below.
  `@mediapipe/tasks-vision/wasm/${WASM_NAME}.js`,
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
];
/** The foreign judge of the page of attacks, as his file is; our manifest beside it says which. */
const JUDGE = [
  '@vladmandic/face-api/model/face_recognition_model.bin',
  '@vladmandic/face-api/model/face_recognition_model-weights_manifest.json',
];

const detectorFolder = join(ROOT, 'public/models/detector');
const wasmFolder = join(ROOT, 'public/wasm');
const judgeFolder = join(ROOT, 'public/judge');
for (const folder of [detectorFolder, wasmFolder]) await mkdir(folder, { recursive: true });
/** Beside public/, since another build may be copying that. */
const aside = await mkdtemp(join(ROOT, '.assets-'));

/** Puts a file in its place at once: whoever is served meanwhile finds it whole, and what has not changed is not touched. */
async function place(folder: string, name: string, content: Uint8Array): Promise<void> {
  const there = await readFile(join(folder, name)).catch(() => null);
  if (there?.equals(content)) return;
  await writeFile(join(aside, name), content);
  await rename(join(aside, name), join(folder, name));
}

// BlazeFace reads pixels in [-1, 1] and gives two outputs: boxes with key points, and scores.
const detector = withImageMetadata(
  await readFile(join(MODULES, DETECTOR)),
  { mean: 127.5, standardDeviation: 127.5 },
  2,
);
const placed = new Set<string>();
const placeWasm = async (name: string, content: Uint8Array) => {
  placed.add(name);
  await place(wasmFolder, name, content);
};
try {
  await place(detectorFolder, 'blaze_face_short_range.tflite', detector);
  for (const file of WASM) await placeWasm(basename(file), await readFile(join(MODULES, file)));
  const whole = await readFile(join(MODULES, `@mediapipe/tasks-vision/wasm/${WASM_NAME}.wasm`));
  const size = Math.ceil(whole.length / WASM_PARTS);
  for (let i = 0; i < WASM_PARTS; i++) {
    await placeWasm(`${WASM_NAME}.${i}.wasm`, whole.subarray(i * size, (i + 1) * size));
  }
  for (const file of JUDGE) await place(judgeFolder, basename(file), await readFile(join(MODULES, file)));
  // What an older version of the libraries left.
  for (const name of await readdir(wasmFolder))
    if (!placed.has(name)) await rm(join(wasmFolder, name), { recursive: true });
} finally {
  await rm(aside, { recursive: true });
}
