import type { Liveness, Move } from '../../../client/liveness.js';
import { movesFor } from '../../../client/liveness.js';
import { CHALLENGE_BYTES } from '../../../core/spec.js';
import { toHex } from '../../../wire/hex.js';
import type { Species } from '../../task.js';
import { bentPrint, FLAT_PRINT, HEAD_SURFACE, type Pose, type Surface } from './render.js';

/** Uniform in [0, 1), the same for the same seed (Mulberry32). */
export type Chance = () => number;

/** What is before the camera at one moment. */
export interface Scene {
  readonly surface: Surface;
  readonly pose: Pose;
  /** Whether it shows the other person's photo. */
  readonly isOther: boolean;
  /** Noise of the same number is the same noise. */
  readonly noise: number;
}

/** Shows scenes, one after another, and sees what is asked. */
export type Actor = (state: Liveness, at: number) => Scene;

/** Between two looks, in ms: what the app reaches on a middling machine. */
export const BETWEEN_LOOKS = 250;
/** How fast heads and hands move, a second. */
const DEGREES = 70;
const ZOOM = 0.6;
/** Of a loop's film, in ms. */
const FILM_FRAME = 110;

const STRAIGHT: Pose = { yaw: 0, pitch: 0, scale: 1, x: 0, y: 0 };

/** How far somebody goes when asked to. */
interface Reach {
  readonly yaw: number;
  readonly zoom: number;
  readonly pitch: number;
}

/** How one of a species behaves. */
export function actorOf(species: Species, chance: Chance): Actor {
  const within = (from: number, to: number) => from + (to - from) * chance();
  const person: Reach = { yaw: within(27, 42), zoom: within(1.25, 1.45), pitch: 0 };
  const hand: Reach = { yaw: within(30, 60), zoom: within(1.25, 1.45), pitch: within(-20, 20) };
  switch (species) {
    case 'genuine':
      return follower(HEAD_SURFACE, person, chance);
    case 'print, held still':
      return follower(FLAT_PRINT, { yaw: 0, zoom: 1, pitch: 0 }, chance);
    case 'print, turned':
      return follower(FLAT_PRINT, hand, chance);
    case 'print, bent and turned':
      return follower(bentPrint(within(1.3, 2.5)), hand, chance);
    case 'screen, recording of another challenge':
      return recording(person, chance);
    case 'frozen picture': {
      const scene = { surface: HEAD_SURFACE, pose: STRAIGHT, isOther: false, noise: 1 };
      return () => scene;
    }
    case 'looped film':
      return loop(person);
    case 'swap for a print at the end':
      return swap(person, chance);
  }
}

/** Does what is asked, after a moment. */
function follower(surface: Surface, reach: Reach, chance: Chance): Actor {
  const rest = { ...STRAIGHT, yaw: 8 * chance() - 4, pitch: 8 * chance() - 4 };
  const delay = 400 + 700 * chance();
  let [pose, asked, since, looks] = [rest, null as Move | null, 0, 0];
  return (state, at) => {
    if (state.asked !== asked) [asked, since] = [state.asked, at];
    const target = at - since < delay ? pose : targetOf(asked, rest, reach);
    pose = nearer(pose, target);
    return { surface, pose: shaken(pose, chance), isOther: false, noise: ++looks + 1e5 * chance() };
  };
}

/** A film of somebody who did what another challenge asked, shown again and again. Filmed from a screen, so that no frame comes twice. */
function recording(reach: Reach, chance: Chance): Actor {
  const other = movesFor(randomChallenge(chance));
  let looks = 0;
  return (_, at) => ({
    surface: HEAD_SURFACE,
    pose: shaken(filmed(other, reach, at), chance),
    isOther: false,
    noise: ++looks + 1e5 * chance(),
  });
}

/** A film with every movement, played instead of a camera's picture. */
function loop(reach: Reach): Actor {
  const moves: readonly Move[] = ['left', 'right', 'closer', 'back'];
  return (_, at) => {
    const frame = Math.floor(at / FILM_FRAME) % Math.ceil((moves.length * FILMED_MOVE) / FILM_FRAME);
    const pose = filmed(moves, reach, frame * FILM_FRAME);
    return { surface: HEAD_SURFACE, pose, isOther: false, noise: frame };
  };
}

/** A person who does all that is asked and then holds a print of somebody else before the face. */
function swap(reach: Reach, chance: Chance): Actor {
  const act = follower(HEAD_SURFACE, reach, chance);
  return (state, at) => {
    const scene = act(state, at);
    return state.done < state.moves.length ? scene : { ...scene, surface: FLAT_PRINT, isOther: true };
  };
}

/** Time for looking straight, moving, and coming back, in ms. */
const FILMED_MOVE = 3_600;

function filmed(moves: readonly Move[], reach: Reach, at: number): Pose {
  const move = moves[Math.floor(at / FILMED_MOVE) % moves.length]!;
  const part = (at % FILMED_MOVE) / FILMED_MOVE;
  const target = targetOf(move, STRAIGHT, reach);
  // Half of the time straight, then there and back.
  const gone = Math.max(0, Math.sin(2 * Math.PI * (part - 0.5)));
  return {
    ...STRAIGHT,
    yaw: target.yaw * gone,
    pitch: target.pitch * gone,
    scale: 1 + (target.scale - 1) * gone,
  };
}

function targetOf(asked: Move | null, rest: Pose, { yaw, zoom, pitch }: Reach): Pose {
  switch (asked) {
    case null:
      return rest;
    case 'left':
      return { ...rest, yaw: rest.yaw + yaw, pitch: rest.pitch + pitch };
    case 'right':
      return { ...rest, yaw: rest.yaw - yaw, pitch: rest.pitch + pitch };
    case 'closer':
      return { ...rest, scale: zoom };
    case 'back':
      return { ...rest, scale: 1 / zoom };
  }
}

function nearer(pose: Pose, target: Pose): Pose {
  const towards = (from: number, to: number, speed: number) => {
    const most = (speed * BETWEEN_LOOKS) / 1000;
    return from + Math.max(-most, Math.min(most, to - from));
  };
  return {
    ...target,
    yaw: towards(pose.yaw, target.yaw, DEGREES),
    pitch: towards(pose.pitch, target.pitch, DEGREES),
    scale: towards(pose.scale, target.scale, ZOOM),
  };
}

/** As nobody, and no hand, is quite still. */
function shaken(pose: Pose, chance: Chance): Pose {
  const by = (most: number) => most * (2 * chance() - 1);
  return {
    yaw: pose.yaw + by(1),
    pitch: pose.pitch + by(1),
    scale: pose.scale * (1 + by(0.01)),
    x: by(0.03),
    y: by(0.03),
  };
}

/** 32 hexadecimal digits. */
export function randomChallenge(chance: Chance): string {
  return toHex(Uint8Array.from({ length: CHALLENGE_BYTES }, () => 256 * chance()));
}

export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
