import { describe, expect, it } from 'vitest';
import { bentPrint, FLAT_PRINT, HEAD_SURFACE, render, type Pose, type Surface } from './render.js';

const SIDE = 120;
const points = {
  leftEye: { x: 50, y: 50 },
  rightEye: { x: 70, y: 50 },
  nose: { x: 60, y: 61 },
  mouth: { x: 60, y: 71 },
};
const straight: Pose = { yaw: 0, pitch: 0, scale: 1, x: 0, y: 0 };

/** A grey photo with a white spot at a place. */
function photo(x: number, y: number) {
  const data = new Uint8ClampedArray(4 * SIDE * SIDE).fill(60);
  for (let row = y - 1; row <= y + 1; row++) {
    for (let column = x - 1; column <= x + 1; column++)
      data.fill(255, 4 * (row * SIDE + column), 4 * (row * SIDE + column) + 4);
  }
  return { data, width: SIDE, height: SIDE };
}

/** Where the spot is seen: middle of what is bright. */
function spot(surface: Surface, pose: Pose, x: number, y: number) {
  const { data } = render(photo(x, y), points, surface, pose);
  const bright = Array.from({ length: SIDE * SIDE }, (_, k) => k).filter((k) => data[4 * k]! > 200);
  const mean = (of: (k: number) => number) => bright.reduce((sum, k) => sum + of(k), 0) / bright.length;
  return { x: mean((k) => k % SIDE), y: mean((k) => Math.floor(k / SIDE)) };
}

describe('render', () => {
  it.each([
    ['a head', HEAD_SURFACE],
    ['a flat print', FLAT_PRINT],
    ['a bent print', bentPrint(1.5)],
  ])('shows %s that looks straight as it is in the photo', (_, surface) => {
    const { x, y } = spot(surface, straight, 60, 61);
    expect([Math.round(x), Math.round(y)]).toEqual([60, 61]);
  });

  it('moves a nose further than eyes when a head turns, to the right of the picture for angles above 0', () => {
    const turned = { ...straight, yaw: 25 };
    const nose = spot(HEAD_SURFACE, turned, 60, 61).x - 60;
    const eyes = (spot(HEAD_SURFACE, turned, 50, 50).x + spot(HEAD_SURFACE, turned, 70, 50).x) / 2 - 60;
    expect(nose - eyes).toBeGreaterThan(3);
  });

  it('does not when a flat print does', () => {
    const turned = { ...straight, yaw: 40 };
    const nose = spot(FLAT_PRINT, turned, 60, 61).x - 60;
    const eyes = (spot(FLAT_PRINT, turned, 50, 50).x + spot(FLAT_PRINT, turned, 70, 50).x) / 2 - 60;
    expect(Math.abs(nose - eyes)).toBeLessThan(1);
  });

  it('makes a head larger that comes closer', () => {
    const near = { ...straight, scale: 1.3 };
    const apart = spot(HEAD_SURFACE, near, 70, 50).x - spot(HEAD_SURFACE, near, 50, 50).x;
    expect(apart).toBeGreaterThan(24);
  });
});
