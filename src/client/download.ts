import { XnnError } from '../core/errors.js';

/** `fetch`, or what stands in for it in tests. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/**
 * Fetches a whole file, asking the server whether one that the browser still has is the newest.
 *
 * @param onBytes called with the number of bytes of each piece as it arrives
 * @throws model_missing if it cannot be had
 */
export async function download(fetch: Fetch, url: string, onBytes: (count: number) => void): Promise<ArrayBuffer> {
  try {
    const response = await fetch(url, { cache: 'no-cache' });
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(piece, controller) {
          onBytes(piece.byteLength);
          controller.enqueue(piece);
        },
      }),
    );
    return await new Response(counted).arrayBuffer();
  } catch (cause) {
    throw new XnnError('model_missing', url, { cause });
  }
}
