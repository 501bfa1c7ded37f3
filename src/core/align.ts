import { CROP_SIZE } from './spec.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An image in memory: RGBA bytes row by row. The shape of a browser's ImageData, without needing a browser. */
export interface Pixels {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** The key points a detector gives, in image pixels: eyes as seen in the image, nose tip, centre of the mouth. */
export interface KeyPoints {
  readonly leftEye: Point;
  readonly rightEye: Point;
  readonly nose: Point;
  readonly mouth: Point;
}

/** x' = a·x − b·y + tx, y' = b·x + a·y + ty. */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

/** The similarity that takes `from` to `to` with the least squared error (Umeyama 1991, no reflection). Both hold n ≥ 2 points. */
export function similarityBetween(from: readonly Point[], to: readonly Point[]): Similarity {
  const source = mean(from);
  const target = mean(to);
  let norm = 0;
  let real = 0;
  let imaginary = 0;
  from.forEach((point, i) => {
    const [px, py] = [point.x - source.x, point.y - source.y];
    const [qx, qy] = [to[i]!.x - target.x, to[i]!.y - target.y];
    norm += px * px + py * py;
    real += px * qx + py * qy;
    imaginary += px * qy - py * qx;
  });
  const a = real / norm;
  const b = imaginary / norm;
  return { a, b, tx: target.x - a * source.x + b * source.y, ty: target.y - b * source.x - a * source.y };
}

/**
 * Where the detector's key points lie, on average, in a face aligned by the five landmarks of the training chips, in crop pixels.
 *
 * Measured on training chips by `npm run calibrate -- alignment`, so that the two alignments agree; docs/log.md has the residual.
 */
export const KEY_POINT_TEMPLATE: KeyPoints = {
  leftEye: { x: 38.3, y: 51.7 },
  rightEye: { x: 73.5, y: 51.5 },
  nose: { x: 56.0, y: 71.7 },
  mouth: { x: 56.1, y: 92.3 },
};

/** The similarity from image to crop pixels that `alignFace` uses. */
export function alignment(points: KeyPoints): Similarity {
  return similarityBetween(listed(points), listed(KEY_POINT_TEMPLATE));
}

/**
 * Cuts the aligned face [112, 112, 3] (RGB bytes) out of an image; outside the image is black.
 *
 * Where the image is larger than the crop, each crop pixel is the mean of several bilinear samples, so that nothing aliases.
 */
export function alignFace(image: Pixels, points: KeyPoints): Uint8Array {
  const { a, b, tx, ty } = alignment(points);
  const norm = a * a + b * b;
  const samples = Math.max(1, Math.min(8, Math.round(1 / Math.sqrt(norm))));
  const crop = new Uint8Array(CROP_SIZE * CROP_SIZE * 3);
  const sum: [number, number, number] = [0, 0, 0];
  for (let row = 0; row < CROP_SIZE; row++) {
    for (let column = 0; column < CROP_SIZE; column++) {
      sum.fill(0);
      for (let k = 0; k < samples * samples; k++) {
        const u = column + ((k % samples) + 0.5) / samples - 0.5 - tx;
        const v = row + (Math.floor(k / samples) + 0.5) / samples - 0.5 - ty;
        addBilinear(image, (a * u + b * v) / norm, (a * v - b * u) / norm, sum);
      }
      const at = (row * CROP_SIZE + column) * 3;
      for (let colour = 0; colour < 3; colour++) crop[at + colour] = Math.round(sum[colour]! / (samples * samples));
    }
  }
  return crop;
}

function addBilinear({ data, width, height }: Pixels, x: number, y: number, sum: [number, number, number]): void {
  const left = Math.floor(x);
  const top = Math.floor(y);
  for (let k = 0; k < 4; k++) {
    const column = left + (k & 1);
    const row = top + (k >> 1);
    if (column < 0 || row < 0 || column >= width || row >= height) continue;
    const share = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
    const at = (row * width + column) * 4;
    for (let colour = 0; colour < 3; colour++) sum[colour]! += share * data[at + colour]!;
  }
}

function listed({ leftEye, rightEye, nose, mouth }: KeyPoints): readonly Point[] {
  return [leftEye, rightEye, nose, mouth];
}

function mean(points: readonly Point[]): Point {
  return {
    x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
    y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
  };
}
