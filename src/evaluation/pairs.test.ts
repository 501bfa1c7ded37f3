import { describe, expect, it } from 'vitest';
import { asDataset } from './dataset.js';
import { findPairs, parsePairs } from './pairs.js';

describe('parsing', () => {
  it('reads LFW with folds, with a count, and without', () => {
    const pairs = 'Al_Gore\t1\t4\nBo\t1\tAl_Gore\t2\n';
    const expected = (line: number) => [
      { a: { identity: 'Al_Gore', number: 1 }, b: { identity: 'Al_Gore', number: 4 }, same: true, line },
      { a: { identity: 'Bo', number: 1 }, b: { identity: 'Al_Gore', number: 2 }, same: false, line: line + 1 },
    ];
    expect(parsePairs(`2\t1\n${pairs}${pairs}`)).toEqual({ pairs: [...expected(2), ...expected(4)], folds: 2 });
    expect(parsePairs(`1\r\n${pairs.replaceAll('\n', '\r\n')}`)).toEqual({ pairs: expected(2), folds: 1 });
    expect(parsePairs(pairs.replaceAll('\t', '  '))).toEqual({ pairs: expected(1), folds: 1 });
  });

  it('reads paths', () => {
    expect(parsePairs('a/1.jpg b/2.jpg 0\n\na/1.jpg\ta/my 2.jpg\t1').pairs).toEqual([
      { a: { path: 'a/1.jpg' }, b: { path: 'b/2.jpg' }, same: false, line: 1 },
      { a: { path: 'a/1.jpg' }, b: { path: 'a/my 2.jpg' }, same: true, line: 3 },
    ]);
  });

  it.each(['', '10\t300\n', 'Al 1', 'a.jpg b.jpg 2', 'Al 1 Bo x', 'Al 1 Bo 2 3', '2\t1\nAl\t1\t2'])(
    'refuses %j',
    (text) => {
      expect(() => parsePairs(text)).toThrow('pairs_invalid');
    },
  );

  it.each([
    ['2\t2', 4],
    ['2\t1', 2],
    ['0\t1', 2],
    ['2', 2],
    ['1', 4],
  ])('refuses a list that says %j and has %i pairs', (header, count) => {
    expect(() => parsePairs(`${header}\n${'Al\t1\t2\n'.repeat(count)}`)).toThrow(`pairs_invalid: ${count} pairs, not`);
  });
});

describe('finding', () => {
  const names = [
    'Al/Al_0002.jpg',
    'Al/Al_0010.jpg',
    'Bo/1.png',
    'Bo/10.png',
    'Bo/2.png',
    'Cy/a.jpg',
    'Cy/a.png',
    'Cy/b.1.jpg',
  ];
  const set = asDataset('/faces', names, (name) => name.slice(0, 2));
  const find = (text: string) => findPairs(parsePairs(text).pairs, '/faces', set);

  it.each([
    ['Al 2 10', 'Al/Al_0002.jpg', 'Al/Al_0010.jpg', true],
    ['Bo 1 2', 'Bo/1.png', 'Bo/2.png', true],
    ['Al 10 Bo 3', 'Al/Al_0010.jpg', 'Bo/10.png', false],
    ['Al/Al_0002.jpg ./Bo/1 0', 'Al/Al_0002.jpg', 'Bo/1.png', false],
    ['/faces/Bo/1.png Bo/2.WebP 1', 'Bo/1.png', 'Bo/2.png', true],
    ['Cy/a.jpg Cy/a.png 1', 'Cy/a.jpg', 'Cy/a.png', true],
    ['Cy/b.1 Cy/a.png 1', 'Cy/b.1.jpg', 'Cy/a.png', true],
  ])('%s', (text, a, b, same) => {
    const [pair] = find(text);
    expect([names[pair!.a], names[pair!.b], pair!.same]).toEqual([a, b, same]);
  });

  it('says which images are missing', () => {
    expect(() => find('Al 2 3\nBo 1 Dy 1\nBo 4 Dy 1')).toThrow(/pairs_invalid: 3 of .*Al_0003, Dy_0001, Bo_0004/);
  });

  // The first picture of Al's is no substitute for Al_0001, nor is 2.png for 2.5.
  it.each(['Al 1 2', 'Al 0 2', 'Bo 0 1', 'Bo/2.5 Bo/1 1', 'Cy/b Cy/a.jpg 1'])('takes no other picture: %s', (text) => {
    expect(() => find(text)).toThrow(/pairs_invalid: 1 of /);
  });

  it.each([
    ['Al 2 2', 'Al/Al_0002.jpg with itself'],
    ['Bo/1 Bo/1.png 1', 'Bo/1.png with itself'],
    ['Al/Al_0002 Bo/2.png 1', 'a pair of Al and Bo is listed as of one person'],
    ['Bo 1 Bo 2', 'a pair of Bo and Bo is listed as of two people'],
    ['Al/Al_0002 Cy/a 0', 'Cy/a is Cy/a.jpg or Cy/a.png'],
    ['Cy/a.bmp Cy/b.1 1', 'Cy/a.bmp is Cy/a.jpg or Cy/a.png'],
  ])('refuses %s, and names the line', (text, why) => {
    expect(() => find(`Al 2 10\n${text}`)).toThrow(`pairs_invalid: line 2: ${why}`);
  });

  it('refuses a number that two pictures have', () => {
    const twice = asDataset('/faces', ['Al/Al_0001.jpg', 'Al/day/Al_0001.png', 'Bo/x.jpg'], (name) => name.slice(0, 2));
    expect(() => findPairs(parsePairs('Al 1 Bo 1').pairs, '/faces', twice)).toThrow(
      'line 1: Al_0001 is Al/Al_0001.jpg or',
    );
  });
});
