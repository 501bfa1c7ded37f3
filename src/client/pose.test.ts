import { describe, expect, it } from 'vitest';
import { mapPoints, type KeyPoints, type Point } from '../core/align.js';
import { yawOf } from './pose.js';

interface Place extends Point {
  readonly z: number;
}

/** A head's points in distances between the eyes, z towards the camera. */
const HEAD: Readonly<Record<keyof KeyPoints, Place>> = {
  leftEye: { x: -0.5, y: 0, z: 0 },
  rightEye: { x: 0.5, y: 0, z: 0 },
  nose: { x: 0, y: 0.58, z: 0.53 },
  mouth: { x: 0, y: 1.07, z: 0 },
};
const FLAT = { ...HEAD, nose: { ...HEAD.nose, z: 0 } };

const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** The points through a camera that is `distance` away: turned about the upright axis, then tilted in the picture's plane. */
function seen(points: typeof HEAD, yaw: number, { roll = 0, distance = 1e6, scale = 100 } = {}): KeyPoints {
  const [sy, cy] = [Math.sin(radians(yaw)), Math.cos(radians(yaw))];
  const [sr, cr] = [Math.sin(radians(roll)), Math.cos(radians(roll))];
  const place = ({ x, y, z }: Place): Point => {
    const near = (scale * distance) / (distance - (z * cy - x * sy));
    const [u, v] = [near * (x * cy + z * sy), near * y];
    return { x: 300 + u * cr - v * sr, y: 200 + u * sr + v * cr };
  };
  return {
    leftEye: place(points.leftEye),
    rightEye: place(points.rightEye),
    nose: place(points.nose),
    mouth: place(points.mouth),
  };
}

describe('yawOf', () => {
  it.each([-50, -30, -10, 0, 10, 30, 50])('tells %d° of a head whose nose stands out as assumed', (yaw) => {
    expect(yawOf(seen(HEAD, yaw))).toBeCloseTo(yaw, 3);
  });

  it('does not mind size and tilt', () => {
    expect(yawOf(seen(HEAD, 25, { roll: 35, scale: 7 }))).toBeCloseTo(25, 3);
  });

  it.each([-60, -30, 30, 60])('sees no turn in a flat picture that is turned by %d° far away', (yaw) => {
    expect(yawOf(seen(FLAT, yaw))).toBeCloseTo(0, 3);
  });

  it.each([-60, -30, 30, 60])('sees little of one in a flat picture turned by %d° at 40 cm', (yaw) => {
    expect(Math.abs(yawOf(seen(FLAT, yaw, { distance: 6.5 })))).toBeLessThan(8);
  });

  it('stays within 60°, and is no number where eyes and mouth are in a line', () => {
    expect(yawOf({ ...seen(HEAD, 0), nose: { x: 900, y: 230 } })).toBe(60);
    const onePlace = mapPoints(seen(HEAD, 0), () => ({ x: 1, y: 1 }));
    expect(yawOf(onePlace)).toBeNaN();
  });
});
