import { joined } from './bytes.js';
import { download, type Fetch } from './download.js';

/** Where the detector's parts lie. */
export interface DetectorFiles {
  /** Address of tasks-vision's loader for module workers. */
  readonly loader: string;
  readonly wasm: ArrayBuffer;
  readonly model: ArrayBuffer;
}

/** In how many files the detector's WebAssembly comes. What arrives compressed cannot be gone on with: if it breaks off, one of these comes anew. */
export const WASM_PARTS = 8;

/** tasks-vision's build for module workers, without an extension. */
export const WASM_NAME = 'vision_wasm_module_internal';

/**
 * Fetches the face detector.
 *
 * @param folders addresses of the models and of WebAssembly, with a slash at the end
 * @param onBytes as in `download`
 * @throws model_missing
 */
export async function fetchDetector(
  fetch: Fetch,
  folders: { readonly models: string; readonly wasm: string },
  onBytes: (count: number) => void = () => {},
): Promise<DetectorFiles> {
  const name = `${folders.wasm}${WASM_NAME}`;
  const [model, ...parts] = await Promise.all(
    [
      `${folders.models}detector/blaze_face_short_range.tflite`,
      ...Array.from({ length: WASM_PARTS }, (_, i) => `${name}.${i}.wasm`),
    ].map((url) => download(fetch, url, onBytes)),
  );
  return { loader: `${name}.js`, wasm: joined(parts.map((part) => new Uint8Array(part))).buffer, model: model! };
}
