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

/**
 * The similarity that takes `from` to `to` with the least weighted squared error (Umeyama 1991, no reflection).
 *
 * All hold n points, at least two of them of positive weight and apart.
 */
export function similarityBetween(
  from: readonly Point[],
  to: readonly Point[],
  weights: readonly number[] = from.map(() => 1),
): Similarity {
  const source = mean(from, weights);
  const target = mean(to, weights);
  let norm = 0;
  let real = 0;
  let imaginary = 0;
  from.forEach((point, i) => {
    const weight = weights[i]!;
    const [px, py] = [point.x - source.x, point.y - source.y];
    const [qx, qy] = [to[i]!.x - target.x, to[i]!.y - target.y];
    norm += weight * (px * px + py * py);
    real += weight * (px * qx + py * qy);
    imaginary += weight * (px * qy - py * qx);
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
  leftEye: { x: 38.2, y: 53.8 },
  rightEye: { x: 75.0, y: 53.4 },
  nose: { x: 56.3, y: 74.8 },
  mouth: { x: 56.9, y: 93.1 },
};

/** How much each key point counts: on a turned face nose and mouth swing sideways, and a fit to them would turn the crop. */
const WEIGHTS: Readonly<Record<keyof KeyPoints, number>> = { leftEye: 1, rightEye: 1, nose: 0, mouth: 0.3 };

/** The similarity from image to crop pixels that `alignFace` uses. */
export function alignment(points: KeyPoints, template: KeyPoints = KEY_POINT_TEMPLATE): Similarity {
  return similarityBetween(listed(points), listed(template), listed(WEIGHTS));
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

function listed<Value>({ leftEye, rightEye, nose, mouth }: Readonly<Record<keyof KeyPoints, Value>>): readonly Value[] {
  return [leftEye, rightEye, nose, mouth];
}

function mean(points: readonly Point[], weights: readonly number[]): Point {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    x: points.reduce((sum, { x }, i) => sum + weights[i]! * x, 0) / total,
    y: points.reduce((sum, { y }, i) => sum + weights[i]! * y, 0) / total,
  };
}
