import { XnnError } from '../core/errors.js';
import { joined } from './bytes.js';

/** `fetch`, or what stands in for it in tests. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** How often a download that broke off is gone on with, and how long it is waited before the first time, in ms; twice as long each time. */
const RETRIES = 4;
const FIRST_PAUSE = 500;

/**
 * Fetches a whole file, asking the server whether one that the browser still has is the newest. If it breaks off it goes on where it was, or from the
 * start where the server has no parts of files or another version of this one by now. What is put together so is not verified here.
 *
 * @param onBytes called with the number of bytes of each piece as it arrives; with a negative number for those that have to come again
 * @throws model_missing if it cannot be had
 */
export async function download(
  fetch: Fetch,
  url: string,
  onBytes: (count: number) => void,
  pause: (ms: number) => Promise<void> = wait,
): Promise<ArrayBuffer> {
  const file = new Arrival(onBytes);
  for (let broken = 0; ; broken++) {
    try {
      await file.goOn(fetch, url);
      return joined(file.pieces).buffer;
    } catch (cause) {
      // A server that never answered is away; whoever waits is told at once.
      if (!file.begun || cause instanceof Refusal || broken === RETRIES)
        throw new XnnError('model_missing', url, { cause });
      await pause(FIRST_PAUSE * 2 ** broken);
    }
  }
}

/** An answer that will not be another in a moment. */
class Refusal extends Error {}

/** A file as it arrives. */
class Arrival {
  readonly #onBytes: (count: number) => void;
  pieces: Uint8Array<ArrayBuffer>[] = [];
  /** Bytes of them. */
  #received = 0;
  /** Whether the server has begun to send it. */
  begun = false;
  /** By which the server knows this version of the file; null if it has no parts to give. */
  #tag: string | null = null;

  constructor(onBytes: (count: number) => void) {
    this.#onBytes = onBytes;
  }

  /** Fetches what is missing. @throws Refusal, and what fetch rejects with */
  async goOn(fetch: Fetch, url: string): Promise<void> {
    const response = await fetch(url, this.#request());
    const { status } = response;
    if (status >= 500) throw new Error(`status ${status}`);
    const continues = status === 206 && this.#isNext(response);
    if (!continues) this.#forget();
    // As if it had broken off once more: the next request is for the whole file.
    if (status === 416 || (status === 206 && !continues)) throw new Error(`status ${status}`);
    if (!response.ok || response.body === null) throw new Refusal(`status ${status}`);
    if (!continues) this.#tag = tagOf(response);
    this.begun = true;
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.pieces.push(value);
      this.#received += value.length;
      this.#onBytes(value.length);
    }
  }

  #request(): RequestInit {
    if (this.#received === 0 || this.#tag === null) return { cache: 'no-cache' };
    return { cache: 'no-store', headers: { Range: `bytes=${this.#received}-`, 'If-Range': this.#tag } };
  }

  #isNext({ headers }: Response): boolean {
    const range = headers.get('Content-Range') ?? '';
    return this.#received > 0 && range.startsWith(`bytes ${this.#received}-`) && !headers.has('Content-Encoding');
  }

  #forget(): void {
    if (this.#received > 0) this.#onBytes(-this.#received);
    [this.pieces, this.#received, this.#tag] = [[], 0, null];
  }
}

/** A strong tag of the bytes that arrive; null for bytes that were compressed on the way, whose parts are of the compressed file. */
function tagOf({ headers }: Response): string | null {
  const tag = headers.get('ETag');
  return headers.has('Content-Encoding') || tag?.startsWith('"') !== true ? null : tag;
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
