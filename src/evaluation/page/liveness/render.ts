import type { KeyPoints, Pixels, Point } from '../../../core/align.js';

// Pictures of a head that turns, and of a photo that is turned, both made of one photo: it is the skin of a surface whose depth is assumed, and
// that surface is looked at through a camera with perspective. Lengths are in distances between the photo's eyes, the origin is between them.

export interface Pose {
  /** In degrees; above 0 towards the right of the picture. */
  readonly yaw: number;
  /** In degrees; above 0 the lower part comes nearer. */
  readonly pitch: number;
  /** How much larger than in the photo. */
  readonly scale: number;
  /** Shift, in distances between the eyes. */
  readonly x: number;
  readonly y: number;
}

export interface Surface {
  /** Depth towards the camera. */
  depth(x: number, y: number): number;
  /** How much of the pose a place takes part in, in [0, 1]: hair and neck follow a head a little, what is behind it does not. */
  follows(x: number, y: number): number;
  /** Half the width and height that it has at most. */
  readonly reach: Point;
  /** Whether the photo is behind it, unmoved; else a wall is. */
  readonly inPhoto: boolean;
}

/** Semi-axes of a head's front, and where its middle is. */
const HEAD = { x: 1.35, y: 1.8, z: 1.5, middle: 0.3 } as const;
/** Radius, in those of the head, up to which all of it turns, and from which on nothing does. */
const TURNING = { all: 0.95, nothing: 1.55 } as const;
const NOSE = { y: 0.5, width: 0.24, height: 0.34, depth: 0.42 } as const;
/** Distance of the camera: about 60 cm. */
const DISTANCE = 9.5;
/** Squares across the surface. */
const GRID = 48;

/** Half an ellipsoid with a nose. */
export const HEAD_SURFACE: Surface = {
  depth: (x, y) =>
    HEAD.z * Math.sqrt(Math.max(0, 1 - radius(x, y))) +
    NOSE.depth * Math.exp(-((x / NOSE.width) ** 2) - ((y - NOSE.y) / NOSE.height) ** 2),
  follows(x, y) {
    const part = (TURNING.nothing - Math.sqrt(radius(x, y))) / (TURNING.nothing - TURNING.all);
    const within = Math.max(0, Math.min(1, part));
    return within * within * (3 - 2 * within);
  },
  reach: { x: 2.1, y: 3.1 },
  inPhoto: true,
};

function radius(x: number, y: number): number {
  return (x / HEAD.x) ** 2 + ((y - HEAD.middle) / HEAD.y) ** 2;
}

const PRINT = { reach: { x: 1.9, y: 2.2 }, inPhoto: false, follows: () => 1 } as const;

/** A photo on stiff card. */
export const FLAT_PRINT: Surface = { ...PRINT, depth: () => 0 };

/** A photo bent around an upright cylinder, its middle towards the camera. @param bend radius of the cylinder */
export function bentPrint(bend: number): Surface {
  return { ...PRINT, depth: (x) => Math.sqrt(Math.max(0, bend ** 2 - x ** 2)) - bend };
}

/** The surface in a pose, [size, size] RGBA, the photo's eyes where they are in the photo when the pose is straight. */
export function render(photo: Pixels, points: KeyPoints, surface: Surface, pose: Pose): Pixels {
  const { width, height } = photo;
  const data = new Uint8ClampedArray(width * height * 4);
  const frame = frameOf(points);
  const place = projection(frame, pose);
  if (surface.inPhoto) copyScaled(photo, data, frame, pose);
  else wall(data, width);
  const nearest = new Float32Array(width * height).fill(-Infinity);
  const at = (i: number, j: number): Corner => {
    const [x, y] = [((2 * i) / GRID - 1) * surface.reach.x, ((2 * j) / GRID - 1) * surface.reach.y];
    return { ...place(x, y, surface.depth(x, y), surface.follows(x, y)), from: frame.toPhoto(x, y) };
  };
  const corners = Array.from({ length: (GRID + 1) ** 2 }, (_, k) => at(k % (GRID + 1), Math.floor(k / (GRID + 1))));
  for (let j = 0; j < GRID; j++) {
    for (let i = 0; i < GRID; i++) {
      const k = j * (GRID + 1) + i;
      const [a, b, c, d] = [corners[k]!, corners[k + 1]!, corners[k + GRID + 1]!, corners[k + GRID + 2]!];
      fill(photo, data, nearest, a, b, c);
      fill(photo, data, nearest, b, c, d);
    }
  }
  return { data, width, height };
}

interface Corner extends Point {
  /** Depth in the picture. */
  readonly z: number;
  /** Where its colour is in the photo. */
  readonly from: Point;
}

interface Frame {
  readonly unit: number;
  readonly middle: Point;
  toPhoto(x: number, y: number): Point;
  /** The direction of the eyes in the photo. */
  readonly along: Point;
}

function frameOf({ leftEye, rightEye }: KeyPoints): Frame {
  const [ex, ey] = [rightEye.x - leftEye.x, rightEye.y - leftEye.y];
  const unit = Math.hypot(ex, ey);
  const middle = { x: (leftEye.x + rightEye.x) / 2, y: (leftEye.y + rightEye.y) / 2 };
  return {
    unit,
    middle,
    along: { x: ex / unit, y: ey / unit },
    toPhoto: (x, y) => ({ x: middle.x + x * ex - y * ey, y: middle.y + x * ey + y * ex }),
  };
}

/** Turned about the axis through the surface's back, then seen by the camera. A head's front stays where the photo has it. */
function projection({ unit, middle, along }: Frame, { yaw, pitch, scale, x: shiftX, y: shiftY }: Pose) {
  const [sy, cy] = [Math.sin((yaw * Math.PI) / 180), Math.cos((yaw * Math.PI) / 180)];
  const [sp, cp] = [Math.sin((pitch * Math.PI) / 180), Math.cos((pitch * Math.PI) / 180)];
  const distance = DISTANCE / scale;
  return (px: number, py: number, depth: number, part: number) => {
    // What is near was magnified in the photo already.
    const [x, y] = [(px * (DISTANCE - depth)) / DISTANCE, (py * (DISTANCE - depth)) / DISTANCE];
    const [x1, z1] = [x * cy + depth * sy, depth * cy - x * sy];
    const [y1, z] = [y * cp - z1 * sp, z1 * cp + y * sp];
    const magnified = DISTANCE / (distance - z);
    const u = (part * x1 * magnified + (1 - part) * px * scale + shiftX) * unit;
    const v = (part * y1 * magnified + (1 - part) * py * scale + shiftY) * unit;
    return { x: middle.x + u * along.x - v * along.y, y: middle.y + u * along.y + v * along.x, z };
  };
}

function copyScaled(photo: Pixels, data: Uint8ClampedArray, { middle, unit }: Frame, { scale, x, y }: Pose): void {
  for (let row = 0; row < photo.height; row++) {
    for (let column = 0; column < photo.width; column++) {
      const fromX = (column - middle.x - x * unit) / scale + middle.x;
      const fromY = (row - middle.y - y * unit) / scale + middle.y;
      put(photo, data, (row * photo.width + column) * 4, Math.round(fromX), Math.round(fromY));
    }
  }
}

function wall(data: Uint8ClampedArray, width: number): void {
  for (let at = 0; at < data.length; at += 4) {
    const [column, row] = [(at / 4) % width, Math.floor(at / 4 / width)];
    const tone = 120 + 30 * Math.sin(column / 60) + 15 * Math.sin(row / 25);
    data.set([tone, tone - 8, tone - 20, 255], at);
  }
}

/** A triangle, with the colours of the photo, where nothing nearer is. */
function fill(photo: Pixels, data: Uint8ClampedArray, nearest: Float32Array, a: Corner, b: Corner, c: Corner): void {
  const { width, height } = photo;
  const area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  if (Math.abs(area) < 1e-6) return;
  const [left, right] = [Math.max(0, Math.ceil(Math.min(a.x, b.x, c.x))), Math.min(width - 1, Math.max(a.x, b.x, c.x))];
  const [top, bottom] = [
    Math.max(0, Math.ceil(Math.min(a.y, b.y, c.y))),
    Math.min(height - 1, Math.max(a.y, b.y, c.y)),
  ];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const wb = ((column - a.x) * (c.y - a.y) - (row - a.y) * (c.x - a.x)) / area;
      const wc = ((b.x - a.x) * (row - a.y) - (b.y - a.y) * (column - a.x)) / area;
      const wa = 1 - wb - wc;
      if (wa < -1e-9 || wb < -1e-9 || wc < -1e-9) continue;
      const z = wa * a.z + wb * b.z + wc * c.z;
      const k = row * width + column;
      if (z < nearest[k]!) continue;
      nearest[k] = z;
      const x = wa * a.from.x + wb * b.from.x + wc * c.from.x;
      const y = wa * a.from.y + wb * b.from.y + wc * c.from.y;
      put(photo, data, 4 * k, x, y);
    }
  }
}

/** The photo's colour at a place, bilinear; its border outside it. */
function put({ data: from, width, height }: Pixels, data: Uint8ClampedArray, at: number, x: number, y: number): void {
  const [u, v] = [Math.max(0, Math.min(width - 1.001, x)), Math.max(0, Math.min(height - 1.001, y))];
  const [left, top] = [Math.floor(u), Math.floor(v)];
  const [a, b] = [u - left, v - top];
  const k = (top * width + left) * 4;
  for (let colour = 0; colour < 3; colour++) {
    const upper = (1 - a) * from[k + colour]! + a * from[k + 4 + colour]!;
    const lower = (1 - a) * from[k + 4 * width + colour]! + a * from[k + 4 * width + 4 + colour]!;
    data[at + colour] = (1 - b) * upper + b * lower;
  }
  data[at + 3] = 255;
}
