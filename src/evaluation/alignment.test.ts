import { expect, it } from 'vitest';
import { KEY_POINT_TEMPLATE, type KeyPoints, type Point } from '../core/align.js';
import { cropPoints, meanKeyPoints, pointsOf, residual } from './alignment.js';

const CENTRE = 55.5;

/** The template, moved away from where it belongs, about the crop's centre. */
function moved({ degrees = 0, scale = 1, right = 0 }): KeyPoints {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180) * scale, Math.sin((degrees * Math.PI) / 180) * scale];
  const move = ({ x, y }: Point): Point => ({
    x: cos * (x - CENTRE) - sin * (y - CENTRE) + CENTRE + right,
    y: sin * (x - CENTRE) + cos * (y - CENTRE) + CENTRE,
  });
  const { leftEye, rightEye, nose, mouth } = KEY_POINT_TEMPLATE;
  return { leftEye: move(leftEye), rightEye: move(rightEye), nose: move(nose), mouth: move(mouth) };
}

it('is nothing for faces that lie on the template', () => {
  const { shift, rotation, logScale, corners } = residual([moved({}), moved({})]);
  for (const { mean, std } of [shift, rotation, logScale, corners]) {
    expect(mean).toBeCloseTo(0, 9);
    expect(std).toBeCloseTo(0, 9);
  }
});

it('is what takes faces back to the template', () => {
  expect(residual([moved({ degrees: 10 })]).rotation.mean).toBeCloseTo(-10, 9);
  expect(residual([moved({ scale: 2 })]).logScale.mean).toBeCloseTo(-Math.log(2), 9);
  const { shiftX, shiftY, shift, corners } = residual([moved({ right: 3 }), moved({ right: 5 })]);
  expect(shiftX).toEqual({ mean: expect.closeTo(-4, 9) as number, std: expect.closeTo(Math.SQRT2, 9) as number });
  expect(shiftY.mean).toBeCloseTo(0, 9);
  expect(shift.mean).toBeCloseTo(4, 9);
  expect(corners.mean).toBeCloseTo(4, 9);
});

it('reads key points of a chip as those of the crop in its middle', () => {
  const bytes = new Uint8Array(Float32Array.of(54, 68, 90, 68, 72, 88, 72, 108).buffer);
  const points = cropPoints(pointsOf(bytes));
  expect(points).toEqual({
    leftEye: { x: 38, y: 52 },
    rightEye: { x: 74, y: 52 },
    nose: { x: 56, y: 72 },
    mouth: { x: 56, y: 92 },
  });
  expect(meanKeyPoints([points, { ...points, nose: { x: 58, y: 70 } }]).nose).toEqual({ x: 57, y: 71 });
});
