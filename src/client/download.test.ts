import { describe, expect, it } from 'vitest';
import { download, type Fetch } from './download.js';

const URL_OF_FILE = 'https://app.test/models/tail.bin';
const FILE = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const NEWER = FILE.toReversed();

interface Asked {
  readonly range: string | null;
  readonly version: string | null;
  readonly cache: RequestCache | undefined;
}

/** One answer after another, and what was asked for each. */
function server(...answers: readonly ((asked: Asked) => Response)[]) {
  const asked: Asked[] = [];
  const fetch: Fetch = (_, { headers, cache } = {}) => {
    const sent = new Headers(headers);
    asked.push({ range: sent.get('Range'), version: sent.get('If-Range'), cache });
    const answer = answers[asked.length - 1];
    return answer ? Promise.resolve(answer(asked.at(-1)!)) : Promise.reject(new TypeError('Failed to fetch'));
  };
  return { fetch, asked };
}

/** A body of these bytes that breaks off after `sent` of them. */
function body(bytes: Uint8Array<ArrayBuffer>, sent = bytes.length): ReadableStream {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      const piece = bytes.subarray(at, Math.min(at + 100, sent));
      at += piece.length;
      if (piece.length > 0) controller.enqueue(piece);
      else if (sent < bytes.length) controller.error(new TypeError('network error'));
      else controller.close();
    },
  });
}

const whole =
  (sent?: number, headers: HeadersInit = { ETag: '"1"' }) =>
  () =>
    new Response(body(FILE, sent), { headers });
const part =
  (from: number, sent?: number, headers: HeadersInit = {}) =>
  () =>
    new Response(body(FILE.slice(from), sent), {
      status: 206,
      headers: { ETag: '"1"', 'Content-Range': `bytes ${from}-999/1000`, ...headers },
    });

/** Downloads without waiting. */
async function get({ fetch }: { fetch: Fetch }) {
  const [counts, pauses]: number[][] = [[], []];
  const file = await download(
    fetch,
    URL_OF_FILE,
    (count) => counts!.push(count),
    (ms) => Promise.resolve(void pauses!.push(ms)),
  );
  return { file: new Uint8Array(file), arrived: counts!.reduce((sum, count) => sum + count, 0), pauses };
}

describe('download', () => {
  it('asks for the newest', async () => {
    const files = server(whole());
    expect(await get(files)).toEqual({ file: FILE, arrived: 1000, pauses: [] });
    expect(files.asked).toEqual([{ range: null, version: null, cache: 'no-cache' }]);
  });

  it('goes on where it broke off, waiting longer each time', async () => {
    const files = server(whole(300), part(300, 200), part(500));
    expect(await get(files)).toEqual({ file: FILE, arrived: 1000, pauses: [500, 1000] });
    expect(files.asked.map(({ range, version }) => [range, version])).toEqual([
      [null, null],
      ['bytes=300-', '"1"'],
      ['bytes=500-', '"1"'],
    ]);
  });

  it('goes on after a moment without any network, or without the server behind another', async () => {
    const gone = () => {
      throw new TypeError('Failed to fetch');
    };
    const files = server(whole(300), gone, () => new Response('', { status: 502 }), part(300));
    expect((await get(files)).file).toEqual(FILE);
  });

  it.each([
    ['a server that has no parts', whole()],
    ['another version', () => new Response(body(NEWER), { headers: { ETag: '"2"' } })],
  ])('starts again with %s', async (_, answer) => {
    const expected = new Uint8Array(await answer().arrayBuffer());
    expect(await get(server(whole(300), answer))).toMatchObject({ file: expected, arrived: 1000 });
  });

  it.each([
    ['no such part', () => new Response('', { status: 416, headers: { 'Content-Range': 'bytes */200' } })],
    ['another part than was asked for', part(200)],
    ['a compressed part', part(300, undefined, { 'Content-Encoding': 'gzip' })],
  ])('asks for the whole file after %s', async (_, answer) => {
    const files = server(whole(300), answer, whole());
    expect(await get(files)).toMatchObject({ file: FILE, arrived: 1000 });
    expect(files.asked.at(-1)!.range).toBeNull();
  });

  it.each([
    ['a weak tag', { ETag: 'W/"1"' }],
    ['no tag', {}],
    ['a compressed body', { ETag: '"1"', 'Content-Encoding': 'gzip' }],
  ])('asks for no part of a file with %s', async (_, headers) => {
    const files = server(whole(300, headers), whole(undefined, headers));
    expect(await get(files)).toMatchObject({ file: FILE, arrived: 1000 });
    expect(files.asked.map(({ range }) => range)).toEqual([null, null]);
  });

  it('gives up after four more tries', async () => {
    const files = server(...Array.from({ length: 9 }, () => whole(300, {})));
    await expect(get(files)).rejects.toMatchObject({ code: 'model_missing' });
    expect(files.asked).toHaveLength(5);
  });

  it.each([
    ['does not answer at all', server()],
    ['has no such file', server(() => new Response('', { status: 404 }))],
    ['fails', server(() => new Response('', { status: 500 }))],
    ['sends a part that nobody asked for', server(part(0))],
  ])('gives up at once if the server %s', async (_, files) => {
    await expect(get(files)).rejects.toMatchObject({ code: 'model_missing' });
    expect(files.asked).toHaveLength(1);
  });

  it('does not ask again for a file that is gone meanwhile', async () => {
    const files = server(whole(300), () => new Response('', { status: 404 }), whole());
    await expect(get(files)).rejects.toMatchObject({ code: 'model_missing' });
    expect(files.asked).toHaveLength(2);
  });
});
