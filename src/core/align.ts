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

/** Key points, each put elsewhere. */
export function mapPoints(points: KeyPoints, place: (point: Point) => Point): KeyPoints {
  const { leftEye, rightEye, nose, mouth } = points;
  return { leftEye: place(leftEye), rightEye: place(rightEye), nose: place(nose), mouth: place(mouth) };
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
  leftEye: { x: 38.7, y: 53.6 },
  rightEye: { x: 75.3, y: 53.7 },
  nose: { x: 56.7, y: 74.7 },
  mouth: { x: 56.9, y: 92.9 },
};

/** How much each key point counts: on a turned face nose and mouth swing sideways, and a fit to them would turn the crop. */
const WEIGHTS: Readonly<Record<keyof KeyPoints, number>> = { leftEye: 1, rightEye: 1, nose: 0, mouth: 0.3 };

/** The similarity from image to crop pixels that `alignFace` uses: a fit to eyes and mouth, then what nose and mouth say of the pose. */
export function alignment(points: KeyPoints): Similarity {
  const fit = similarityBetween(listed(points), listed(KEY_POINT_TEMPLATE), listed(WEIGHTS));
  const nose = offset(moved(fit, points.nose), KEY_POINT_TEMPLATE.nose);
  const mouth = offset(moved(fit, points.mouth), KEY_POINT_TEMPLATE.mouth);
  return after(fit, correctionOf(nose, mouth));
}

/**
 * A turned or nodding face moves nose and mouth away from the template, and the fit with them. Linear regression on the training chips of
 * what is left between the fit and the landmarks' alignment (docs/log.md); left and right are treated alike.
 *
 * @param nose offset from the template after the fit, in crop pixels; `mouth` likewise
 * @returns a similarity about the crop's centre
 */
function correctionOf(nose: Point, mouth: Point): Similarity {
  const scale = Math.exp(0.0108 * nose.y - 0.029 * mouth.y);
  const angle = 0.011 * mouth.x - 0.009 * nose.x;
  const [a, b] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const [x, y] = [0.07 * nose.x - 0.78 * mouth.x, 0.03 * nose.y - 0.21 * mouth.y];
  const centre = (CROP_SIZE - 1) / 2;
  return { a, b, tx: centre * (1 - a + b) + x, ty: centre * (1 - a - b) + y };
}

/** First one similarity, then the other. */
function after(first: Similarity, { a, b, tx, ty }: Similarity): Similarity {
  return {
    a: a * first.a - b * first.b,
    b: b * first.a + a * first.b,
    tx: a * first.tx - b * first.ty + tx,
    ty: b * first.tx + a * first.ty + ty,
  };
}

/** Where a similarity takes a point. */
export function moved({ a, b, tx, ty }: Similarity, { x, y }: Point): Point {
  return { x: a * x - b * y + tx, y: b * x + a * y + ty };
}

function offset(point: Point, origin: Point): Point {
  return { x: point.x - origin.x, y: point.y - origin.y };
}

/**
 * Cuts the aligned face [112, 112, 3] (RGB bytes) out of an image; outside the image is black.
 *
 * Where the image is larger than the crop, each crop pixel is the mean of several bilinear samples, so that nothing aliases.
 */
export function alignFace(image: Pixels, points: KeyPoints): Uint8Array {
  const { a, b, tx, ty } = alignment(points);
  const { data, width, height } = image;
  const norm = a * a + b * b;
  const samples = Math.max(1, Math.min(8, Math.round(1 / Math.sqrt(norm))));
  const [across, down] = [sampled(samples, tx), sampled(samples, ty)];
  const crop = new Uint8Array(CROP_SIZE * CROP_SIZE * 3);
  for (let row = 0; row < CROP_SIZE; row++) {
    for (let column = 0; column < CROP_SIZE; column++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let i = row * samples; i < (row + 1) * samples; i++) {
        const v = down[i]!;
        for (let j = column * samples; j < (column + 1) * samples; j++) {
          const u = across[j]!;
          const x = (a * u + b * v) / norm;
          const y = (a * v - b * u) / norm;
          const left = Math.floor(x);
          const top = Math.floor(y);
          for (let k = 0; k < 4; k++) {
            const fromLeft = left + (k & 1);
            const fromTop = top + (k >> 1);
            if (fromLeft < 0 || fromTop < 0 || fromLeft >= width || fromTop >= height) continue;
            const share = (1 - Math.abs(x - fromLeft)) * (1 - Math.abs(y - fromTop));
            const at = (fromTop * width + fromLeft) * 4;
            red += share * data[at]!;
            green += share * data[at + 1]!;
            blue += share * data[at + 2]!;
          }
        }
      }
      const at = (row * CROP_SIZE + column) * 3;
      crop[at] = Math.round(red / (samples * samples));
      crop[at + 1] = Math.round(green / (samples * samples));
      crop[at + 2] = Math.round(blue / (samples * samples));
    }
  }
  return crop;
}

/** Where samples lie along one side of the crop, `samples` for each pixel, before the similarity's shift. */
function sampled(samples: number, shift: number): Float64Array {
  return Float64Array.from(
    { length: CROP_SIZE * samples },
    (_, i) => Math.floor(i / samples) + ((i % samples) + 0.5) / samples - 0.5 - shift,
  );
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
