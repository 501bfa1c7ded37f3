import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { XnnError } from '../core/errors.js';
import { MODEL_VERSION_BYTES } from '../core/spec.js';

const MANIFEST = fileURLToPath(new URL('../../public/models/manifest.json', import.meta.url));

const manifestSchema = z.looseObject({ model: z.string().regex(new RegExp(`^[0-9a-f]{${2 * MODEL_VERSION_BYTES}}$`)) });

/** Model version of the released encoder, 16 hexadecimal digits. @throws model_missing, model_invalid */
export async function releasedEncoder(): Promise<string> {
  const text = await readFile(MANIFEST, 'utf8').catch((cause: unknown) => {
    throw new XnnError('model_missing', MANIFEST, { cause });
  });
  try {
    return manifestSchema.parse(JSON.parse(text)).model;
  } catch (cause) {
    throw new XnnError('model_invalid', MANIFEST, { cause });
  }
}

/** @throws encoder_differs unless what was made for an encoder is for the released one */
export async function requireReleased(encoder: string): Promise<void> {
  const released = await releasedEncoder();
  if (encoder !== released) throw new XnnError('encoder_differs', `made for ${encoder}, released is ${released}`);
}
