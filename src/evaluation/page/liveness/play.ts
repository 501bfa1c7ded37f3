import type { Engine } from '../../../client/engine.js';
import { beginLiveness, movesFor, observeLiveness } from '../../../client/liveness.js';
import { yawOf } from '../../../client/pose.js';
import { XnnError } from '../../../core/errors.js';
import type { KeyPoints, Pixels } from '../../../core/align.js';
import { pointsOf } from '../../alignment.js';
import { ANGLES, SPECIES, SURFACES, type Played, type Produced, type Refusal, type Species } from '../../task.js';
import { openDetector } from '../detector.js';
import { bentPrint, FLAT_PRINT, HEAD_SURFACE, render, type Surface } from './render.js';
import { actorOf, BETWEEN_LOOKS, chanceOf, randomChallenge, type Scene } from './species.js';

/** Side of a frame, in pixels. */
const SIDE = 360;
/** Longest time a clip may take, in ms: longer than any check. */
const LONGEST = 110_000;
/** Largest angle of a photo that counts as taken from the front, in degrees. */
const FRONTAL = 8;
/** Largest noise of a frame, in [0, 255]. */
const NOISE = 4;
const grain = chanceOf(1);
const GRAINS = Float32Array.from({ length: 65_537 }, () => NOISE * (2 * grain() - 1));

/** Presentations with one photo: where chance decides, and little is to be computed, more. */
const TIMES: Readonly<Record<Species, number>> = {
  genuine: 1,
  'print, held still': 1,
  'print, turned': 1,
  'print, bent and turned': 1,
  'screen, recording of another challenge': 5,
  'frozen picture': 1,
  'looped film': 5,
  'swap for a print at the end': 1,
};

const SHAPES: Readonly<Record<(typeof SURFACES)[number], Surface>> = {
  head: HEAD_SURFACE,
  flat: FLAT_PRINT,
  bent: bentPrint(1.5),
};

interface Photo {
  readonly pixels: Pixels;
  readonly points: KeyPoints;
}

/** Plays every species with one photo after another, through the product's own looks and state machine. */
export function openStage(engine: Engine) {
  const detector = openDetector();
  /** Of the image before, for swaps. */
  let other: Photo | null = null;
  let count = 0;

  const show = async ({ surface, pose, isOther, noise }: Scene, photo: Photo): Promise<ImageBitmap> => {
    const shown = isOther ? other! : photo;
    const { data, width, height } = render(shown.pixels, shown.points, surface, pose);
    const from = Math.floor(chanceOf(noise)() * GRAINS.length);
    for (let i = 0; i < data.length; i++) if (i % 4 !== 3) data[i]! += GRAINS[(from + i) % GRAINS.length]!;
    return createImageBitmap(new ImageData(new Uint8ClampedArray(data), width, height));
  };

  const play = async (species: Species, time: number, photo: Photo): Promise<Played> => {
    const chance = chanceOf(1000 * count + 10 * SPECIES.indexOf(species) + time);
    const challenge = randomChallenge(chance);
    const act = actorOf(species, chance);
    let state = beginLiveness(movesFor(challenge), 0);
    let [at, likeness] = [0, 1];
    for (; at < LONGEST && state.outcome === null; at += BETWEEN_LOOKS) {
      const study = await engine.study(await show(act(state, at), photo), state.first === null);
      likeness = Math.min(likeness, study.likeness ?? 1);
      state = observeLiveness(state, { at, ...study });
    }
    return { outcome: state.outcome ?? 'liveness_timeout', done: state.done, seconds: at / 1000, likeness };
  };

  const angles = async (photo: Photo) => {
    const seen: Record<string, number[]> = {};
    for (const surface of SURFACES) {
      seen[surface] = [];
      for (const yaw of ANGLES) {
        const scene = {
          surface: SHAPES[surface],
          pose: { yaw, pitch: 0, scale: 1, x: 0, y: 0 },
          isOther: false,
          noise: 7,
        };
        seen[surface].push((await engine.study(await show(scene, photo), true)).yaw);
      }
    }
    return seen;
  };

  return {
    async produce(image: Blob): Promise<Produced | Refusal> {
      const whole = await scaled(image);
      const found = await detector.produce(await whole.convertToBlob());
      if ('code' in found) return found;
      const points = pointsOf(found.bytes);
      const photo = { pixels: whole.getContext('2d')!.getImageData(0, 0, SIDE, SIDE), points };
      const straight = {
        surface: HEAD_SURFACE,
        pose: { yaw: 0, pitch: 0, scale: 1, x: 0, y: 0 },
        isOther: false,
        noise: 3,
      };
      const { hint } = await engine.study(await show(straight, photo), true);
      if (hint !== null) return { code: hint, detail: 'not a photo to begin with' };
      if (Math.abs(yawOf(points)) > FRONTAL) return { code: 'face_turned', detail: 'not a photo to begin with' };
      count++;
      const played: Partial<Record<Species, Played[]>> = {};
      for (const species of SPECIES) {
        if (species === 'swap for a print at the end' && other === null) continue;
        played[species] = [];
        for (let time = 0; time < TIMES[species]; time++) played[species].push(await play(species, time, photo));
      }
      const report = { played, angles: await angles(photo) };
      other = photo;
      return { bytes: new TextEncoder().encode(JSON.stringify(report)), stageMs: null };
    },
    dispose() {
      detector.dispose();
      engine.dispose();
    },
  };
}

/** A square picture as a frame. */
async function scaled(image: Blob): Promise<OffscreenCanvas> {
  const bitmap = await createImageBitmap(image).catch((cause: unknown) => {
    throw new XnnError('image_corrupt', undefined, { cause });
  });
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  const side = Math.min(bitmap.width, bitmap.height);
  context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  bitmap.close();
  return canvas;
}
