import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { XnnError, type ErrorCode } from '../core/errors.js';
import { asFeatures, type Features } from '../core/features.js';
import { TENANT_BYTES } from '../core/spec.js';
import { runInBrowser } from '../evaluation/browser.js';
import type { Dataset } from '../evaluation/dataset.js';
import type { Backend } from '../evaluation/task.js';
import { sha256 } from './files.js';

/** What came of one image. */
export type Made = { readonly features: Features; readonly centred: boolean } | { readonly code: ErrorCode };

/**
 * Makes clean features of images, numbered as in their set, and hands each over in about the given order. Waits for what it hands over to,
 * so that nothing piles up; ends with what that throws.
 */
export type FeatureSource = (
  images: readonly number[],
  deliver: (image: number, made: Made) => Promise<void>,
) => Promise<void>;

/** A browser is closed and another one opened after so many images, in case one leaks. */
const IMAGES_A_BROWSER = 8192;
const DETECTOR = fileURLToPath(new URL('../../public/models/detector', import.meta.url));

/**
 * The product's own detector, alignment and encoder, in headless Chromium. Nothing leaves this machine.
 *
 * @param encoder model version; another one is refused with encoder_differs
 */
export function browserSource({ images: all }: Dataset, encoder: string, backend: Backend): FeatureSource {
  return async (images, deliver) => {
    if (!existsSync(DETECTOR)) await import('../../tools/build-assets.js');
    for (let from = 0; from < images.length; from += IMAGES_A_BROWSER) {
      const some = images.slice(from, from + IMAGES_A_BROWSER);
      await runInBrowser({
        output: 'clean',
        backend,
        tenant: '00'.repeat(TENANT_BYTES),
        images: some.map((image) => all[image]!.file),
        onStart(reply) {
          if (reply?.model !== encoder) throw new XnnError('encoder_differs', `${reply?.model} instead of ${encoder}`);
        },
        onResult(index, result) {
          if ('code' in result) return deliver(some[index]!, { code: result.code });
          const features = asFeatures(new Float32Array(result.bytes.slice().buffer));
          return deliver(some[index]!, { features, centred: result.part < 1 });
        },
      });
    }
  };
}

/** Says which pictures a set has: the hash of their names and sizes. */
export async function listingOf({ images }: Dataset): Promise<string> {
  const lines: string[] = [];
  for (const { file, name } of images) {
    const size = (await stat(file).catch(() => null))?.size ?? 'missing';
    lines.push(`${name}\0${size}\n`);
  }
  return sha256(lines.join(''));
}
