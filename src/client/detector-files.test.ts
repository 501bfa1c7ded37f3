import { describe, expect, it } from 'vitest';
import { fetchDetector, WASM_PARTS } from './detector-files.js';

const FOLDERS = { models: 'https://cloud/models/', wasm: 'https://cloud/wasm/' };

/** Files of three bytes that begin with their number, the model's with 99. One of them breaks off once, compressed on its way. */
function server(breaks: number | null) {
  const asked: number[] = [];
  const fetch = (url: string) => {
    const number = Number(/\.(\d+)\.wasm$/.exec(url)?.[1] ?? 99);
    asked.push(number);
    const isBroken = number === breaks && asked.filter((one) => one === number).length === 1;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(Uint8Array.of(number, 0, 0).subarray(0, isBroken ? 2 : 3));
        if (isBroken) controller.error(new Error('broken off'));
        else controller.close();
      },
    });
    return Promise.resolve(new Response(body, { headers: { ETag: '"1"', 'Content-Encoding': 'gzip' } }));
  };
  return { fetch, asked };
}

const whole = Array.from({ length: WASM_PARTS }, (_, i) => [i, 0, 0]).flat();

describe('fetchDetector', () => {
  it('puts the parts together in their order', async () => {
    const files = await fetchDetector(server(null).fetch, FOLDERS);
    expect([...new Uint8Array(files.wasm)]).toEqual(whole);
    expect([...new Uint8Array(files.model)]).toEqual([99, 0, 0]);
    expect(files.loader).toBe('https://cloud/wasm/vision_wasm_module_internal.js');
  });

  it('asks anew for the part that broke off, and for no other', async () => {
    const { fetch, asked } = server(3);
    let received = 0;
    const files = await fetchDetector(fetch, FOLDERS, (count) => {
      received += count;
    });
    expect([...new Uint8Array(files.wasm)]).toEqual(whole);
    expect(asked.filter((number) => number === 3)).toHaveLength(2);
    expect(asked).toHaveLength(WASM_PARTS + 2);
    expect(received).toBe(3 * (WASM_PARTS + 1));
  });
});
