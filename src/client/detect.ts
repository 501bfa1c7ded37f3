import type { Detection, FaceDetector } from '@mediapipe/tasks-vision';
import { mapPoints, type KeyPoints, type Point } from '../core/align.js';
import { XnnError } from '../core/errors.js';
import type { DetectorFiles } from './detector-files.js';
import { openPictureCanvas } from './picture-canvas.js';
import type { Sighting } from './types.js';

export type Box = NonNullable<Sighting['box']>;

/** One face in a picture, in pixels of the picture. */
export interface Face {
  readonly box: Box;
  readonly points: KeyPoints;
}

/** A face as a look found it. */
export interface Seen extends Face {
  /** Longer side of what was looked at, in pixels of the picture. */
  readonly view: number;
}

/** Faces in a picture, the widest first. `margin` is added on every side before looking, as a part of the picture's size. */
export type Detect = (picture: OffscreenCanvas, margin?: number) => readonly Seen[];

/** Faces narrower than this part of the widest are passers-by. */
const BACKGROUND = 0.4;
/** Margin for pictures that are cut tight around a head. */
const MARGIN = 0.5;
/** Side of the view in which a face is looked at closely, in sides of its box. */
const CLOSE_UP = 2;
/** Of the logarithm of two views' sizes: the detector sees the same in both. */
const SAME_VIEW = 0.15;
/** Longer side of what the detector is shown. It looks at 128×128 pixels and does not smooth what it scales down by more than half. */
const SHOWN_SIZE = 256;

/** Starts BlazeFace (short range) on the CPU, in the module worker that calls. @throws no_backend without WebAssembly */
export async function startDetector({ loader, wasm, model }: DetectorFiles): Promise<Detect> {
  if (typeof WebAssembly === 'undefined') throw new XnnError('no_backend', 'WebAssembly is switched off');
  const { FaceDetector } = await import('@mediapipe/tasks-vision');
  const compiled = await WebAssembly.compile(wasm);
  // Emscripten's way to hand over a module that is already here.
  const instantiateWasm = (imports: WebAssembly.Imports, receive: (made: WebAssembly.Instance) => void) =>
    receive(new WebAssembly.Instance(compiled, imports));
  // What it tells of its start comes as errors; its errors are thrown as well.
  const printErr = () => {};
  Object.assign(self, { Module: { instantiateWasm, printErr } });
  const detector = await FaceDetector.createFromOptions(
    { wasmLoaderPath: loader, wasmBinaryPath: '' },
    {
      baseOptions: { modelAssetBuffer: new Uint8Array(model), delegate: 'CPU' },
      runningMode: 'IMAGE',
      canvas: openPictureCanvas(),
    },
  );
  const detect: Detect = (picture, margin = 0) => detectWith(detector, picture, margin);
  // The first look takes longer than the others.
  detect(new OffscreenCanvas(SHOWN_SIZE, SHOWN_SIZE));
  return detect;
}

/** The faces of a photo, which may be cut tight around a head. */
export function detectInPhoto(detect: Detect, photo: OffscreenCanvas): readonly Seen[] {
  const faces = detect(photo);
  return faces.length > 0 ? faces : detect(photo, MARGIN);
}

/**
 * Looks at a face again, closely, unless it was: the detector sees few pixels of a small face, and places key points a little differently
 * in a wide view than in a tight one. So that every face is measured alike, whatever the picture around it.
 */
export function lookCloser(detect: Detect, picture: OffscreenCanvas, face: Seen): Face {
  if (isCloseUp(face)) return face;
  const { x, y, width, height } = face.box;
  const side = closeUpOf(face);
  const [left, top] = [x + (width - side) / 2, y + (height - side) / 2];
  const size = Math.min(SHOWN_SIZE, Math.ceil(side));
  const view = new OffscreenCanvas(size, size);
  const scale = size / side;
  const context = contextOf(view);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, -left * scale, -top * scale, picture.width * scale, picture.height * scale);
  // The middle of the view is the middle of the face; what does not surround it, or is of another size, is something else.
  const closer = detect(view).find(({ box }) => surrounds(box, size / 2) && isNear(box.width / scale, width));
  if (closer === undefined) return face;
  return {
    box: face.box,
    points: mapPoints(closer.points, ({ x, y }) => ({ x: x / scale + left, y: y / scale + top })),
  };
}

/** Whether a face was found in a view as close as the one in which faces are looked at closely. */
export function isCloseUp(face: Seen): boolean {
  return Math.abs(Math.log(closeUpOf(face) / face.view)) < SAME_VIEW;
}

/** Side of the view in which a face is looked at closely, in pixels of the picture. */
function closeUpOf({ box }: Face): number {
  return CLOSE_UP * Math.max(box.width, box.height);
}

function surrounds(box: Box, middle: number): boolean {
  return box.x < middle && middle < box.x + box.width && box.y < middle && middle < box.y + box.height;
}

function isNear(a: number, b: number): boolean {
  return a < 1.5 * b && b < 1.5 * a;
}

/** The one person in the picture. @throws no_face, several_faces */
export function onlyFace<Found extends Face>(faces: readonly Found[]): Found {
  const [first, second] = withoutBackground(faces);
  if (first === undefined) throw new XnnError('no_face');
  if (second !== undefined) throw new XnnError('several_faces');
  return first;
}

/** Leaves out faces that are far smaller than the first. */
export function withoutBackground<Found extends Face>(faces: readonly Found[]): readonly Found[] {
  const [widest] = faces;
  return widest === undefined ? [] : faces.filter(({ box }) => box.width >= BACKGROUND * widest.box.width);
}

function detectWith(detector: FaceDetector, picture: OffscreenCanvas, margin: number): readonly Seen[] {
  const [left, top] = [margin * picture.width, margin * picture.height];
  const [width, height] = [picture.width + 2 * left, picture.height + 2 * top];
  const scale = Math.min(1, SHOWN_SIZE / Math.max(width, height));
  const shown = new OffscreenCanvas(Math.max(1, Math.round(scale * width)), Math.max(1, Math.round(scale * height)));
  const context = contextOf(shown);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, scale * left, scale * top, scale * picture.width, scale * picture.height);
  return detector
    .detect(shown)
    .detections.map((detection) => {
      const { box, points } = relative(detection, shown);
      const placed = ({ x, y }: Point): Point => ({ x: x * width - left, y: y * height - top });
      return {
        box: { ...placed(box), width: box.width * width, height: box.height * height },
        points: mapPoints(points, placed),
        view: Math.max(width, height),
      };
    })
    .sort((a, b) => b.box.width - a.box.width);
}

/**
 * A face in parts of what was shown. BlazeFace's key points are already so, in this order: right eye and left eye of the person, nose
 * tip, mouth, ears.
 */
function relative({ boundingBox, keypoints }: Detection, shown: OffscreenCanvas): Face {
  const [leftEye, rightEye, nose, mouth] = keypoints;
  if (!boundingBox || !leftEye || !rightEye || !nose || !mouth) throw new XnnError('model_invalid', 'detector');
  return {
    box: {
      x: boundingBox.originX / shown.width,
      y: boundingBox.originY / shown.height,
      width: boundingBox.width / shown.width,
      height: boundingBox.height / shown.height,
    },
    points: { leftEye, rightEye, nose, mouth },
  };
}

/** Longer side of what is detected and cut out, in pixels. */
const LONGEST_SIDE = 1600;

/** A canvas for a picture of this size, scaled down by `scale` if it is large. */
export function canvasFor(width: number, height: number) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(scale * width)), Math.max(1, Math.round(scale * height)));
  const context = contextOf(canvas);
  context.imageSmoothingQuality = 'high';
  return { canvas, context, scale };
}

/** A 2D context whose pixels will be read. */
export function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new XnnError('image_corrupt', 'no 2D context');
  return context;
}
