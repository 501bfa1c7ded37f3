import { describe, expect, it } from 'vitest';
import { asDataset } from './dataset.js';
import { findPairs, parsePairs } from './pairs.js';

describe('parsing', () => {
  it('reads LFW with folds, with a count, and without', () => {
    const pairs = 'Al_Gore\t1\t4\nBo\t1\tAl_Gore\t2\n';
    const expected = [
      { a: { identity: 'Al_Gore', number: 1 }, b: { identity: 'Al_Gore', number: 4 }, same: true },
      { a: { identity: 'Bo', number: 1 }, b: { identity: 'Al_Gore', number: 2 }, same: false },
    ];
    expect(parsePairs(`2\t1\n${pairs}${pairs}`)).toEqual({ pairs: [...expected, ...expected], folds: 2 });
    expect(parsePairs(`1\r\n${pairs.replaceAll('\n', '\r\n')}`)).toEqual({ pairs: expected, folds: 1 });
    expect(parsePairs(pairs.replaceAll('\t', '  '))).toEqual({ pairs: expected, folds: 1 });
  });

  it('reads paths', () => {
    expect(parsePairs('a/1.jpg b/2.jpg 0\n\na/1.jpg\ta/my 2.jpg\t1').pairs).toEqual([
      { a: { path: 'a/1.jpg' }, b: { path: 'b/2.jpg' }, same: false },
      { a: { path: 'a/1.jpg' }, b: { path: 'a/my 2.jpg' }, same: true },
    ]);
  });

  it.each(['', '10\t300\n', 'Al 1', 'a.jpg b.jpg 2', 'Al 1 Bo x', 'Al 1 Bo 2 3', '2\t1\nAl\t1\t2'])(
    'refuses %j',
    (text) => {
      expect(() => parsePairs(text)).toThrow('pairs_invalid');
    },
  );
});

describe('finding', () => {
  const names = ['Al/Al_0002.jpg', 'Al/Al_0010.jpg', 'Bo/left.png', 'Bo/right.png'];
  const set = asDataset('/faces', names, (name) => name.slice(0, 2));
  const found = (text: string) => {
    const [pair] = findPairs(parsePairs(text).pairs, '/faces', set);
    return [names[pair!.a], names[pair!.b], pair!.same];
  };

  it.each([
    ['Al 2 10', 'Al/Al_0002.jpg', 'Al/Al_0010.jpg', true],
    ['Bo 1 2', 'Bo/left.png', 'Bo/right.png', true],
    ['Al 10 Bo 2', 'Al/Al_0010.jpg', 'Bo/right.png', false],
    ['Al/Al_0002.jpg ./Bo/left 0', 'Al/Al_0002.jpg', 'Bo/left.png', false],
    ['/faces/Bo/left.png Bo/right.webp 1', 'Bo/left.png', 'Bo/right.png', true],
  ])('%s', (text, a, b, same) => {
    expect(found(text)).toEqual([a, b, same]);
  });

  it('says which images are missing', () => {
    const { pairs } = parsePairs('Al 2 3\nBo 1 Cy 1\nBo 3 Cy 1');
    expect(() => findPairs(pairs, '/faces', set)).toThrow(/pairs_invalid: 3 of .*Al_0003, Cy_0001, Bo_0003/);
  });
});
