import { XnnError } from '../../core/errors.js';
import type { Embedding } from '../../core/match.js';
import type { ObfuscatedTokens } from '../../core/tokens.js';
import { startTail, type RunningTail } from './tail-process.js';

interface Held {
  readonly running: Promise<RunningTail>;
  /** Requests that wait for it. */
  users: number;
}

/** Requests that may wait for one network; further ones are told so at once. */
const MOST_USERS = 16;

/** Networks in memory, each in a process of its own. */
export class Tails {
  readonly #most: number;
  readonly #patience: number;
  readonly #closing = new AbortController();
  /** The least recently used first. */
  readonly #held = new Map<string, Held>();

  /**
   * @param most at least one, and one more while it is tried
   * @param patience for loading a network and for each of its answers, in ms
   */
  constructor(most: number, patience: number) {
    this.#most = Math.max(1, most);
    this.#patience = patience;
  }

  /** Loads a network and lets it go. @throws what `startTail` throws */
  async check(weights: Uint8Array): Promise<void> {
    (await startTail(weights, this.#patience, this.#closing.signal, 'tail_invalid')).kill();
  }

  /**
   * What a network makes of faces.
   *
   * @param weights of it, if it is not in memory
   * @throws overloaded if it takes too long, or too many wait for it or for others; tail_invalid; what `weights` throws
   */
  async read(
    name: string,
    weights: () => Promise<Uint8Array>,
    faces: readonly ObfuscatedTokens[],
  ): Promise<readonly Embedding[]> {
    const held = this.#held.get(name) ?? this.#hold(name, weights);
    if (held.users >= MOST_USERS) throw new XnnError('overloaded', 'requests for one network');
    this.#held.delete(name);
    this.#held.set(name, held);
    held.users++;
    try {
      const { tail } = await held.running;
      return await Promise.all(faces.map((face) => tail(face)));
    } finally {
      held.users--;
    }
  }

  drop(name: string): void {
    const held = this.#held.get(name);
    this.#held.delete(name);
    held?.running.then(
      ({ kill }) => kill(),
      () => {},
    );
  }

  /** Ends all, and lets none begin. */
  close(): void {
    this.#closing.abort();
  }

  #hold(name: string, weights: () => Promise<Uint8Array>): Held {
    if (this.#held.size >= this.#most) {
      const idle = [...this.#held].find(([, { users }]) => users === 0);
      if (idle === undefined) throw new XnnError('overloaded', 'all networks in memory are at work');
      this.drop(idle[0]);
    }
    const held: Held = {
      running: weights().then((content) => startTail(content, this.#patience, this.#closing.signal)),
      users: 0,
    };
    const gone = () => {
      if (this.#held.get(name) === held) this.#held.delete(name);
    };
    held.running.then(({ ended }) => ended).then(gone, gone);
    return held;
  }
}
