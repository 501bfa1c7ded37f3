import { alignment, mapPoints, moved, type KeyPoints, type Point } from '../core/align.js';
import { CROP_SIZE } from '../core/spec.js';

/** Chips hold an aligned crop with this margin on every side, in pixels. */
const CHIP_MARGIN = 16;

const CENTRE: Point = { x: (CROP_SIZE - 1) / 2, y: (CROP_SIZE - 1) / 2 };
const CORNERS: readonly Point[] = [0, CROP_SIZE - 1].flatMap((x) => [0, CROP_SIZE - 1].map((y) => ({ x, y })));

interface Spread {
  readonly mean: number;
  /** Sample standard deviation. */
  readonly std: number;
}

/** What the product's alignment does to faces that are aligned already. Nothing, at best. */
interface Residual {
  /** Shift of the crop's centre, in crop pixels: right, down, and its length. */
  readonly shiftX: Spread;
  readonly shiftY: Spread;
  readonly shift: Spread;
  /** In degrees, clockwise as seen. */
  readonly rotation: Spread;
  /** Natural logarithm of the scale; above 0 the face becomes larger. */
  readonly logScale: Spread;
  /** Root mean square displacement of the crop's four corners, in crop pixels. */
  readonly corners: Spread;
}

/** The detector's answer: x and y of left eye, right eye, nose, mouth, float32 in image pixels. */
export function pointsOf(bytes: Uint8Array): KeyPoints {
  const values = new Float32Array(bytes.slice().buffer);
  const point = (i: number): Point => ({ x: values[2 * i]!, y: values[2 * i + 1]! });
  return { leftEye: point(0), rightEye: point(1), nose: point(2), mouth: point(3) };
}

/** From chip pixels to pixels of the crop in its middle. */
export function cropPoints(points: KeyPoints): KeyPoints {
  return mapPoints(points, ({ x, y }) => ({ x: x - CHIP_MARGIN, y: y - CHIP_MARGIN }));
}

/** Where the key points lie on average. @param faces at least one, key points in crop pixels */
export function meanKeyPoints(faces: readonly KeyPoints[]): KeyPoints {
  const mean = (name: keyof KeyPoints): Point => ({
    x: spread(faces.map((face) => face[name].x)).mean,
    y: spread(faces.map((face) => face[name].y)).mean,
  });
  return { leftEye: mean('leftEye'), rightEye: mean('rightEye'), nose: mean('nose'), mouth: mean('mouth') };
}

/** How far the product's alignment is from the one that the faces have. @param faces at least one, key points in crop pixels */
export function residual(faces: readonly KeyPoints[]): Residual {
  const moves = faces.map((face) => {
    const fit = alignment(face);
    const displacement = (point: Point): Point => {
      const { x, y } = moved(fit, point);
      return { x: x - point.x, y: y - point.y };
    };
    const { x: shiftX, y: shiftY } = displacement(CENTRE);
    const squares = CORNERS.map(displacement).map(({ x, y }) => x * x + y * y);
    return {
      shiftX,
      shiftY,
      shift: Math.hypot(shiftX, shiftY),
      rotation: (Math.atan2(fit.b, fit.a) * 180) / Math.PI,
      logScale: Math.log(Math.hypot(fit.a, fit.b)),
      corners: Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length),
    };
  });
  const over = (name: keyof Residual) => spread(moves.map((move) => move[name]));
  return {
    shiftX: over('shiftX'),
    shiftY: over('shiftY'),
    shift: over('shift'),
    rotation: over('rotation'),
    logScale: over('logScale'),
    corners: over('corners'),
  };
}

function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}
