import { describe, expect, it } from 'vitest';
import { toHex } from '../wire/hex.js';
import {
  beginLiveness,
  countdown,
  movesFor,
  observeLiveness,
  type Liveness,
  type Look,
  type Move,
} from './liveness.js';

const challenge = (i: number) => toHex(Uint8Array.from({ length: 16 }, (_, at) => (at < 2 ? i >> (8 * at) : 7)));

const MOVES: readonly Move[] = ['left', 'closer', 'right'];
/** Between two looks, in ms. */
const STEP = 250;

/** What is seen of somebody who does something. */
const DOING: Readonly<Record<Move | 'straight', Partial<Look>>> = {
  straight: {},
  left: { yaw: 30, likeness: null, hint: 'face_turned' },
  right: { yaw: -30, likeness: null, hint: 'face_turned' },
  closer: { size: 130 },
  back: { size: 75 },
};

/** Plays looks, one after another, until an outcome. */
class Play {
  state: Liveness = beginLiveness(MOVES, 0);
  at = 0;

  look(change: Partial<Look> = {}, times = 1, hurry = false): this {
    for (let i = 0; i < times; i++) {
      this.at += STEP;
      const box = { x: 200, y: 100, width: 200, height: 200 };
      const look = { at: this.at, faces: 1, box, frameHeight: 480, yaw: 2, size: 100, hint: null, likeness: 0.9 };
      this.state = observeLiveness(this.state, { ...look, fingerprint: `${this.at}`, ...change }, hurry);
    }
    return this;
  }

  /** Does what is asked, up to the last look straight. */
  obey(): this {
    for (const move of MOVES) this.look({}, 2).look(DOING[move], 2);
    return this;
  }
}

const play = () => new Play();

describe('movesFor', () => {
  it('is decided by the challenge, every bit of it', () => {
    expect(movesFor('00'.repeat(16))).toEqual(movesFor('00'.repeat(16)));
    // Kept: a changed derivation would part the app from its documentation.
    expect([challenge(0), challenge(1), challenge(2)].map(movesFor)).toMatchInlineSnapshot(`
      [
        [
          "left",
          "back",
          "left",
        ],
        [
          "closer",
          "left",
          "right",
        ],
        [
          "back",
          "right",
          "left",
        ],
      ]
    `);
  });

  it('has 18 orders, about equally often, each with two turns at least and no move twice in a row', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 3600; i++) {
      const moves = movesFor(challenge(i));
      expect(moves).toHaveLength(3);
      expect(moves.filter((move) => move === 'left' || move === 'right').length).toBeGreaterThanOrEqual(2);
      expect(moves[0] === moves[1] || moves[1] === moves[2]).toBe(false);
      counts.set(moves.join(), (counts.get(moves.join()) ?? 0) + 1);
    }
    expect(counts.size).toBe(18);
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(70);
  });

  it('refuses what is no challenge', () => {
    expect(() => movesFor('00')).toThrow('request_invalid');
  });
});

describe('a check', () => {
  it('asks one thing at a time and passes who does it all', () => {
    const checked = play();
    expect(checked.state.asked).toBeNull();
    for (const [i, move] of MOVES.entries()) {
      expect(checked.look({}, 2).state).toMatchObject({ asked: move, done: i });
      expect(checked.look(DOING[move], 2).state).toMatchObject({ asked: null, done: i + 1, outcome: null });
    }
    expect(checked.look({}, 7).state.outcome).toBe('passed');
  });

  it('counts down before it passes, and need not if asked', () => {
    const checked = play().obey();
    expect(countdown(checked.state, checked.at)).toBeNull();
    checked.look();
    expect(countdown(checked.state, checked.at)).toBe(0);
    expect(countdown(checked.state, checked.at + 750)).toBe(0.5);
    expect(checked.look({}, 1).state.outcome).toBeNull();
    expect(checked.look({}, 1, true).state.outcome).toBe('passed');
  });

  it('begins the countdown anew when a look is bad', () => {
    const checked = play().obey().look({}, 4).look({ hint: 'blurred' });
    expect(countdown(checked.state, checked.at)).toBeNull();
    expect(checked.look({}, 4).state.outcome).toBeNull();
  });

  it('wants two looks for a movement', () => {
    const checked = play().look({}, 2).look(DOING.left).look().look(DOING.left).look();
    expect(checked.state).toMatchObject({ asked: 'left', done: 0, outcome: null });
  });

  it.each(['right', 'closer', 'back'] as const)('refuses %s where left is asked', (move) => {
    expect(play().look({}, 2).look(DOING[move], 2).state.outcome).toBe('liveness_failed');
  });

  it('measures turns from how somebody first looked', () => {
    expect(play().look({ yaw: 14 }, 2).look({ yaw: 30 }, 4).state).toMatchObject({ done: 0, outcome: null });
    expect(play().look({ yaw: 14 }, 2).look({ yaw: 37 }, 2).state.done).toBe(1);
  });

  it('does not begin with a face that is turned or, where it is to come closer, fills the picture', () => {
    expect(play().look({ yaw: 20 }, 3).state).toMatchObject({ asked: null, hint: 'face_turned' });
    const large = { box: { x: 100, y: 50, width: 400, height: 400 } };
    expect(play().look(large, 3).state).toMatchObject({ asked: null, hint: 'face_too_large' });
  });

  it('gives ten seconds for a step, and sixty to begin', () => {
    expect(play().look({}, 2).look({}, 40).state.outcome).toBeNull();
    expect(play().look({}, 2).look({}, 41).state.outcome).toBe('liveness_timeout');
    expect(play().look({ hint: 'too_dark' }, 240).state).toMatchObject({ outcome: null, hint: 'too_dark' });
    expect(play().look({ hint: 'too_dark' }, 250).state.outcome).toBe('liveness_timeout');
  });

  it('refuses a picture that stands still', () => {
    expect(play().look({ fingerprint: 'a' }, 6).state.outcome).toBeNull();
    expect(play().look({ fingerprint: 'a' }, 7).state.outcome).toBe('frames_frozen');
  });

  it('refuses a film that begins again', () => {
    const checked = play();
    const film = (first: number) => {
      for (let i = first; i < 6; i++) checked.look({ fingerprint: `frame ${i}` });
    };
    film(0);
    checked.look({ fingerprint: 'frame 0' });
    expect(checked.state.outcome).toBeNull();
    film(1);
    expect(checked.state.outcome).toBe('frames_repeated');
  });

  it('refuses a second person, but not a passer-by of one look', () => {
    const other = { faces: 2, hint: 'several_faces' } as const;
    expect(play().look({}, 2).look(other).look().look(other).state.outcome).toBeNull();
    expect(play().look({}, 2).look(other, 2).state.outcome).toBe('several_faces');
  });

  it('refuses a face that jumps, or is away for long', () => {
    const elsewhere = { box: { x: 400, y: 100, width: 200, height: 200 } };
    expect(play().look({}, 2).look(elsewhere).state.outcome).toBe('face_left');
    const nobody = { faces: 0, box: null, yaw: NaN, size: 0, hint: 'no_face', likeness: null } as const;
    expect(play().look({}, 2).look(nobody, 6).look().state.outcome).toBeNull();
    expect(play().look({}, 2).look(nobody, 9).state.outcome).toBe('face_left');
  });

  it('refuses another face at any look straight, also at the last', () => {
    expect(play().obey().look({}, 3).look({ likeness: 0.3 }).state.outcome).toBe('face_changed');
    // A turned face is less like itself.
    expect(play().look({}, 2).look({ yaw: 17, likeness: 0.3 }).state.outcome).toBeNull();
  });

  it('keeps its outcome', () => {
    const refused = play().look({}, 2).look(DOING.right, 2);
    expect(refused.look(DOING.left, 5).state.outcome).toBe('liveness_failed');
  });
});
