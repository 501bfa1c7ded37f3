import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { ErrorCode } from '../core/errors.js';
import { CHALLENGE_BYTES } from '../core/spec.js';
import { fromHex } from '../wire/hex.js';
import type { Box } from './detect.js';

// An active liveness check as a state machine: looks at a camera with their times go in, what to ask next comes out. It knows neither camera
// nor page, and sends nothing. What it stops and what it cannot: docs/liveness.md.
//
//   settle → step → settle → step → settle → step → settle → passed
//
// To settle is to look straight at the camera, in good light: there, size and likeness are compared with what was seen before. A step is a
// movement. Another movement than the asked one ends it.

/** Left and right are the person's own. */
export const MOVES = ['left', 'right', 'closer', 'back'] as const;
export type Move = (typeof MOVES)[number];

/** What one look through the camera saw. */
export interface Look {
  /** In ms, of a clock that never goes back. */
  readonly at: number;
  /** Faces in the foreground. */
  readonly faces: number;
  /** Of the largest face, in pixels of the frame; null without one. */
  readonly box: Box | null;
  /** Height of the frame, in pixels. */
  readonly frameHeight: number;
  /** In degrees (`yawOf`); NaN without a face. */
  readonly yaw: number;
  /** Distance between the eyes, as if the face looked straight, in pixels. */
  readonly size: number;
  /** What a picture would need (`hintFor`), apart from liveness. */
  readonly hint: ErrorCode | null;
  /** Tells frames apart: the same only for the same pixels. */
  readonly fingerprint: string;
  /** Cosine between this face and the first one that looked straight, in [-1, 1]; null where it was not compared. */
  readonly likeness: number | null;
}

/** A look without its time. */
export type Study = Omit<Look, 'at'>;

/** What is known so far. `asked` is a move, or null to look straight. */
export interface Liveness {
  readonly moves: readonly Move[];
  /** Moves that were made. */
  readonly done: number;
  readonly asked: Move | null;
  /** When `asked` began. */
  readonly since: number;
  /** Since when all looks were as asked; null if the last was not. */
  readonly agreeingSince: number | null;
  readonly agreeing: number;
  /** Looks in a row that were a movement not asked for. */
  readonly wrong: number;
  /** What to change to be able to go on; null if nothing. */
  readonly hint: ErrorCode | null;
  /** What the face was like when it first, and when it last, looked straight. */
  readonly first: Pick<Look, 'yaw'> | null;
  readonly straight: Pick<Look, 'size'> | null;
  /** The last look with one face. */
  readonly last: { readonly at: number; readonly box: Box } | null;
  /** Looks in a row with several faces. */
  readonly crowded: number;
  /** Fingerprints in the order they came, each with the time of its latest look. */
  readonly frames: ReadonlyMap<string, number>;
  /** When the frame last changed. */
  readonly changedAt: number;
  /** Frames that were seen before others, and again. */
  readonly repeats: number;
  /** Null while it goes on. */
  readonly outcome: 'passed' | ErrorCode | null;
}

const TURNS: ReadonlySet<Move> = new Set(['left', 'right']);
const LABEL = 'xnn liveness moves v1';

/** From where the head is turned, and up to where it looks straight, in degrees from where it looked first. */
const TURNED = 22;
const STRAIGHT = 10;
/** Largest angle at which somebody can look at the camera at first: faces differ, and so does where cameras are. */
const FIRST_YAW = 15;
/** Sizes over the last straight one from which a face has come closer or gone back. */
const CLOSER = 1.2;
const BACK = 1 / CLOSER;
/** Largest part of the frame's height that a face may have before it is asked to come closer. */
const MOST_HEIGHT = 0.62;
/** Looks in a row that make a movement, and that make one that was not asked for. */
const AGREEING = 2;
/** For one step, and for the first look straight, in ms. */
const STEP_MS = 10_000;
const FIRST_MS = 60_000;
/** How long the last look straight lasts before the picture is taken, in ms: it is counted down. */
export const COUNTDOWN_MS = 1_500;
/** Longest time between two looks at the face, in ms. */
const MOST_ABSENT = 2_000;
/** Least overlap of a face's box with the last one, intersection over union. */
const LEAST_OVERLAP = 0.25;
/** How long a frame may stay the same, in ms. A camera's noise changes every one. */
const MOST_FROZEN = 1_500;
/** Time after which an equal frame is a repetition, in ms, and repetitions that are no chance. */
const REPEAT_AFTER = 1_000;
const MOST_REPEATS = 2;
/** Least likeness of one person's face within a minute. */
const LEAST_LIKENESS = 0.45;

/** Orders of three moves with two turns at least and none twice in a row: 18. */
const ORDERS: readonly (readonly Move[])[] = MOVES.flatMap((a) =>
  MOVES.flatMap((b) => MOVES.map((c) => [a, b, c])),
).filter(
  (order) =>
    order.filter((move) => TURNS.has(move)).length >= 2 && order.every((move, i) => i === 0 || order[i - 1] !== move),
);

/**
 * The moves of a challenge, the same for the same one, and every order as likely, to a part in 10^8.
 *
 * @param challenge 32 hexadecimal digits
 * @throws request_invalid
 */
export function movesFor(challenge: string): readonly Move[] {
  const bytes = hkdf(sha256, fromHex(challenge, CHALLENGE_BYTES), undefined, utf8ToBytes(LABEL), 4);
  return ORDERS[new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) % ORDERS.length]!;
}

/** Before the first look. @param at in ms, of the looks' clock */
export function beginLiveness(moves: readonly Move[], at: number): Liveness {
  return {
    moves,
    done: 0,
    asked: null,
    since: at,
    agreeingSince: null,
    agreeing: 0,
    wrong: 0,
    hint: null,
    first: null,
    straight: null,
    last: null,
    crowded: 0,
    frames: new Map(),
    changedAt: at,
    repeats: 0,
    outcome: null,
  };
}

/**
 * Takes in one more look. Once there is an outcome, nothing changes it.
 *
 * @param hurry whether the picture may be taken without the countdown
 */
export function observeLiveness(before: Liveness, look: Look, hurry = false): Liveness {
  if (before.outcome !== null) return before;
  const seen = withFace(withFrame(before, look), look);
  const refused = refusal(seen, before, look);
  if (refused !== null) return { ...seen, outcome: refused };
  return seen.asked === null ? settle(seen, look, hurry) : step(seen, seen.asked, look);
}

/** Part of the countdown that is over, in [0, 1]; null unless the picture is about to be taken. */
export function countdown({ moves, done, asked, agreeingSince }: Liveness, at: number): number | null {
  if (asked !== null || done < moves.length || agreeingSince === null) return null;
  return Math.min(1, (at - agreeingSince) / COUNTDOWN_MS);
}

/** A list of reasons to say no. `before` is what was known before this look. */
function refusal(seen: Liveness, before: Liveness, look: Look): ErrorCode | null {
  const { crowded, repeats, changedAt, first, since } = seen;
  const { last } = before;
  if (look.at - changedAt >= MOST_FROZEN) return 'frames_frozen';
  if (repeats >= MOST_REPEATS) return 'frames_repeated';
  // Until the face was seen straight, anybody may come and go.
  if (first === null) return look.at - since > FIRST_MS ? 'liveness_timeout' : null;
  if (crowded >= AGREEING) return 'several_faces';
  if (last !== null && look.at - last.at > MOST_ABSENT) return 'face_left';
  if (last !== null && look.faces === 1 && look.box !== null && jumped(last.box, look.box)) return 'face_left';
  // A turned face is less like itself.
  const isStraight = Math.abs(look.yaw - first.yaw) <= STRAIGHT;
  if (isStraight && look.likeness !== null && look.likeness < LEAST_LIKENESS) return 'face_changed';
  if (look.at - since > STEP_MS) return 'liveness_timeout';
  return null;
}

function withFrame(state: Liveness, { at, fingerprint }: Look): Liveness {
  const seenAt = state.frames.get(fingerprint);
  if (fingerprint === [...state.frames.keys()].at(-1)) return state;
  const frames = new Map(state.frames);
  frames.delete(fingerprint);
  frames.set(fingerprint, at);
  const repeats = state.repeats + (seenAt !== undefined && at - seenAt >= REPEAT_AFTER ? 1 : 0);
  return { ...state, frames, repeats, changedAt: at };
}

function withFace(state: Liveness, { at, faces, box }: Look): Liveness {
  if (faces === 1 && box !== null) return { ...state, last: { at, box }, crowded: 0 };
  return { ...state, crowded: faces > 1 ? state.crowded + 1 : 0 };
}

function settle(state: Liveness, look: Look, hurry: boolean): Liveness {
  const hint = hintToSettle(state, look);
  if (hint !== null) return { ...state, hint, agreeing: 0, agreeingSince: null };
  const next = { ...state, hint, agreeing: state.agreeing + 1, agreeingSince: state.agreeingSince ?? look.at };
  const isLast = state.done === state.moves.length;
  if (next.agreeing < AGREEING || (isLast && !hurry && look.at - next.agreeingSince < COUNTDOWN_MS)) return next;
  return {
    ...next,
    first: state.first ?? look,
    straight: look,
    asked: isLast ? null : state.moves[state.done]!,
    since: look.at,
    agreeing: 0,
    agreeingSince: null,
    wrong: 0,
    outcome: isLast ? 'passed' : null,
  };
}

/** What keeps a look from being straight and good; null if nothing. */
function hintToSettle({ first, moves }: Liveness, { yaw, hint, box, frameHeight }: Look): ErrorCode | null {
  if (hint !== null) return hint;
  const aside = Math.abs(yaw - (first?.yaw ?? 0));
  if (!(aside <= (first === null ? FIRST_YAW : STRAIGHT))) return 'face_turned';
  const isTooLarge =
    first === null && moves.includes('closer') && box !== null && box.height > MOST_HEIGHT * frameHeight;
  return isTooLarge ? 'face_too_large' : null;
}

function step(state: Liveness, asked: Move, look: Look): Liveness {
  if (look.faces !== 1) return { ...state, hint: 'no_face', agreeing: 0 };
  const made = movementOf(state, look);
  if (made === null) return { ...state, hint: null, agreeing: 0, wrong: 0 };
  if (made !== asked) {
    const wrong = state.wrong + 1;
    return { ...state, hint: null, agreeing: 0, wrong, outcome: wrong >= AGREEING ? 'liveness_failed' : null };
  }
  const agreeing = state.agreeing + 1;
  if (agreeing < AGREEING) return { ...state, hint: null, agreeing, wrong: 0 };
  return { ...state, hint: null, done: state.done + 1, asked: null, since: look.at, agreeing: 0, agreeingSince: null };
}

/** Which movement a look shows, since the last straight one; null if none. */
function movementOf({ first, straight }: Liveness, { yaw, size }: Look): Move | null {
  const turned = yaw - (first?.yaw ?? 0);
  if (turned >= TURNED) return 'left';
  if (turned <= -TURNED) return 'right';
  const nearer = size / (straight?.size ?? size);
  if (nearer >= CLOSER) return 'closer';
  return nearer <= BACK ? 'back' : null;
}

/** Whether two boxes, one after the other, are of different faces. */
function jumped(a: Box, b: Box): boolean {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const common = Math.max(0, width) * Math.max(0, height);
  return common < LEAST_OVERLAP * (a.width * a.height + b.width * b.height - common);
}
