import { describe, expect, it } from 'vitest';
import {
  alignFace,
  alignment,
  KEY_POINT_TEMPLATE,
  similarityBetween,
  type KeyPoints,
  type Pixels,
  type Point,
  type Similarity,
} from './align.js';
import { CROP_SIZE } from './spec.js';

const POINTS: readonly Point[] = [
  { x: 3, y: -2 },
  { x: 10, y: 4 },
  { x: -1, y: 7 },
  { x: 5, y: 5 },
];

function turned(angle: number, scale: number, tx: number, ty: number): Similarity {
  return { a: scale * Math.cos(angle), b: scale * Math.sin(angle), tx, ty };
}

function apply({ a, b, tx, ty }: Similarity, { x, y }: Point): Point {
  return { x: a * x - b * y + tx, y: b * x + a * y + ty };
}

/** The template's points, moved into an image where the face is `scale` times larger and starts at (left, top). */
function pointsAt(scale: number, left: number, top: number): KeyPoints {
  const move = ({ x, y }: Point) => ({ x: scale * x + left, y: scale * y + top });
  const { leftEye, rightEye, nose, mouth } = KEY_POINT_TEMPLATE;
  return { leftEye: move(leftEye), rightEye: move(rightEye), nose: move(nose), mouth: move(mouth) };
}

/** An opaque image whose RGB at each pixel is given. */
function image(
  width: number,
  height: number,
  colour: (x: number, y: number) => readonly [number, number, number],
): Pixels {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(colour(x, y), (y * width + x) * 4);
  }
  return { data, width, height };
}

function pixel(crop: Uint8Array, x: number, y: number): readonly number[] {
  return [...crop.subarray((y * CROP_SIZE + x) * 3, (y * CROP_SIZE + x) * 3 + 3)];
}

describe('similarityBetween', () => {
  it.each([
    ['nothing', turned(0, 1, 0, 0)],
    ['a shift', turned(0, 1, 12, -7)],
    ['a half turn', turned(Math.PI, 1, 0, 0)],
    ['turn, scale and shift', turned(0.7, 2.5, -30, 8)],
  ])('finds %s exactly', (_, truth) => {
    const found = similarityBetween(
      POINTS,
      POINTS.map((point) => apply(truth, point)),
    );
    for (const key of ['a', 'b', 'tx', 'ty'] as const) expect(found[key]).toBeCloseTo(truth[key], 9);
  });

  it('has the least squared error when points do not agree', () => {
    const moved = POINTS.map((point, i) => ({ x: point.x + (i === 0 ? 1 : 0), y: point.y }));
    const found = similarityBetween(POINTS, moved);
    const error = (similarity: Similarity) =>
      POINTS.reduce((sum, point, i) => {
        const { x, y } = apply(similarity, point);
        return sum + (x - moved[i]!.x) ** 2 + (y - moved[i]!.y) ** 2;
      }, 0);
    for (const key of ['a', 'b', 'tx', 'ty'] as const) {
      for (const step of [-1e-3, 1e-3]) {
        expect(error({ ...found, [key]: found[key] + step })).toBeGreaterThan(error(found));
      }
    }
  });

  it('heeds points as much as they weigh', () => {
    const truth = turned(0.3, 1.5, 4, -9);
    const moved = POINTS.map((point, i) => apply(truth, i === 2 ? { x: 99, y: 99 } : point));
    const found = similarityBetween(POINTS, moved, [1, 2, 0, 0.3]);
    for (const key of ['a', 'b', 'tx', 'ty'] as const) expect(found[key]).toBeCloseTo(truth[key], 9);
  });

  it('does not mirror', () => {
    const { a, b } = similarityBetween(
      POINTS,
      POINTS.map(({ x, y }) => ({ x: -x, y })),
    );
    const mirrored = POINTS.map((point) => apply({ a, b, tx: 0, ty: 0 }, point));
    expect(mirrored[0]!.x).not.toBeCloseTo(-POINTS[0]!.x, 3);
  });
});

describe('alignFace', () => {
  it('copies an image that is aligned already', () => {
    const aligned = image(CROP_SIZE, CROP_SIZE, (x, y) => [x, y, x + y]);
    const crop = alignFace(aligned, KEY_POINT_TEMPLATE);
    for (const [x, y] of [
      [0, 0],
      [111, 0],
      [37, 80],
      [111, 111],
    ] as const) {
      expect(pixel(crop, x, y)).toEqual([x, y, x + y]);
    }
  });

  it('samples between pixels', () => {
    const gradient = image(200, 200, (x, y) => [x, y, 0]);
    const crop = alignFace(gradient, pointsAt(1, 20.75, 40.25));
    expect(pixel(crop, 30, 50)).toEqual([51, 90, 0]);
  });

  it('follows a turned face', () => {
    const gradient = image(250, 250, (x, y) => [x, y, 0]);
    const turn = turned(0.4, 1.3, 60, 20);
    const { leftEye, rightEye, nose, mouth } = KEY_POINT_TEMPLATE;
    const [a, b, c, d] = [leftEye, rightEye, nose, mouth].map((point) => apply(turn, point));
    const crop = alignFace(gradient, { leftEye: a!, rightEye: b!, nose: c!, mouth: d! });
    for (const point of [
      { x: 56, y: 56 },
      { x: 20, y: 90 },
    ]) {
      const { x, y } = apply(turn, point);
      const [red, green] = pixel(crop, point.x, point.y);
      expect(Math.abs(red! - x)).toBeLessThan(1);
      expect(Math.abs(green! - y)).toBeLessThan(1);
    }
  });

  it('averages stripes that are finer than the crop can show', () => {
    const stripes = image(8 * CROP_SIZE, 8 * CROP_SIZE, (x) => (x % 2 === 0 ? [255, 255, 255] : [0, 0, 0]));
    const crop = alignFace(stripes, pointsAt(4.3, 100, 100));
    for (let x = 0; x < CROP_SIZE; x++) {
      const [grey] = pixel(crop, x, 60);
      expect(Math.abs(grey! - 127.5)).toBeLessThan(64);
    }
  });

  it('is black outside the image', () => {
    const white = image(100, 100, () => [255, 255, 255]);
    const crop = alignFace(white, pointsAt(1, -30, 60));
    expect(pixel(crop, 10, 10)).toEqual([0, 0, 0]);
    expect(pixel(crop, 50, 20)).toEqual([255, 255, 255]);
    expect(pixel(crop, 50, 100)).toEqual([0, 0, 0]);
  });

  it('puts the key points where the template has them', () => {
    const { a, b, tx, ty } = alignment(pointsAt(3, 50, 70));
    expect([a, b]).toEqual([expect.closeTo(1 / 3, 9), expect.closeTo(0, 9)]);
    expect([tx, ty]).toEqual([expect.closeTo(-50 / 3, 9), expect.closeTo(-70 / 3, 9)]);
  });

  it('turns and moves the crop, about its centre, as far as a swung nose says', () => {
    const { nose, ...rest } = KEY_POINT_TEMPLATE;
    const found = alignment({ ...rest, nose: { x: nose.x + 10, y: nose.y } });
    expect(Math.hypot(found.a, found.b)).toBeCloseTo(1, 9);
    expect(Math.atan2(found.b, found.a)).toBeCloseTo(-0.09, 9);
    const centre = (CROP_SIZE - 1) / 2;
    const { x, y } = apply(found, { x: centre, y: centre });
    expect(x).toBeCloseTo(centre + 0.7, 9);
    expect(y).toBeCloseTo(centre, 9);
  });

  it('scales and moves the crop as far as a raised nose says', () => {
    const { nose, ...rest } = KEY_POINT_TEMPLATE;
    const found = alignment({ ...rest, nose: { x: nose.x, y: nose.y - 10 } });
    expect(found.a).toBeCloseTo(Math.exp(-0.108), 9);
    expect(found.b).toBeCloseTo(0, 9);
    const centre = (CROP_SIZE - 1) / 2;
    const { x, y } = apply(found, { x: centre, y: centre });
    expect(x).toBeCloseTo(centre, 9);
    expect(y).toBeCloseTo(centre - 0.3, 9);
  });
});
