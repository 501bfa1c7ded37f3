import { describe, expect, it } from 'vitest';
import { commonRange, mosaic, pagesOf, sameChannel, SIDES } from './mosaic.js';

const VALUES = 14 * 14 * 128;
const pixel = ({ data, width }: ReturnType<typeof mosaic>, row: number, column: number) => [
  ...data.subarray((row * width + column) * 4, (row * width + column) * 4 + 4),
];

describe('mosaic', () => {
  it('puts a value where its channel and position are', () => {
    const map = new Float32Array(VALUES);
    // Row 3, column 5 of channel 70: on the second page of 64, tile 6.
    map[(3 * 14 + 5) * 128 + 70] = 2;
    const drawn = mosaic(map, 1, 8, 2);
    expect(pixel(drawn, 3, 6 * 15 + 5)).toEqual([255, 255, 255, 255]);
    expect(pixel(drawn, 3, 6 * 15 + 4)).toEqual([128, 128, 128, 255]);
    expect(drawn.data.filter((value) => value === 255).length).toBe(64 * 14 * 14 + 3);
  });

  it('draws below the range black and above it white', () => {
    const drawn = mosaic(
      Float32Array.from({ length: VALUES }, (_, i) => (i < 128 ? -9 : 9)),
      0,
      1,
      1,
    );
    expect(pixel(drawn, 0, 0)).toEqual([0, 0, 0, 255]);
    expect(pixel(drawn, 0, 1)).toEqual([255, 255, 255, 255]);
  });

  it('leaves the gaps transparent', () => {
    expect(pixel(mosaic(new Float32Array(VALUES), 0, 2, 1), 14, 0)[3]).toBe(0);
  });

  it('shows all channels at every zoom, and stays at a channel', () => {
    for (const side of SIDES) expect(pagesOf(side) * side * side).toBe(128);
    expect(sameChannel(1, 8, 4)).toBe(4);
    expect(sameChannel(77, 1, 8)).toBe(1);
  });
});

describe('commonRange', () => {
  it('is one for both maps and ignores rare outliers', () => {
    const small = new Float32Array(1000).fill(1);
    const large = new Float32Array(1000).fill(-3);
    large[0] = 500;
    expect(commonRange(small, large)).toBe(3);
  });

  it('is never zero', () => {
    expect(commonRange(new Float32Array(8))).toBe(1);
  });
});
