import { useCallback, useEffect, useRef, useState } from 'react';
import { openAttackEngine, type AttackEngine, type Judgement, type Linkage, type Paintings } from '../client/attack.js';
import { XnnError, type ErrorCode } from '../client/messages.js';
import type { Backend, Capture } from '../client/types.js';

/** How far one attack is. */
export type AttackState<Result> =
  | { readonly stage: 'idle' }
  /** `fraction` of what it needs is here. */
  | { readonly stage: 'loading'; readonly fraction: number }
  | { readonly stage: 'attacking' }
  | { readonly stage: 'done'; readonly capture: Capture; readonly result: Result }
  | { readonly stage: 'failed'; readonly error: ErrorCode };

/** One kind of attack, as a page runs it. */
export interface Attacker<Result, Given extends readonly unknown[]> {
  readonly state: AttackState<Result>;
  readonly run: (backend: Backend, capture: Capture, ...given: Given) => void;
  readonly clear: () => void;
}

export interface Attackers {
  readonly painter: Attacker<Paintings, []>;
  /** The foreign judge of what was painted: no attacker, but run as one. */
  readonly judge: Attacker<Judgement, [paintings: Paintings]>;
  /** Given the attacker's own photo. */
  readonly linker: Attacker<Linkage, [photo: Capture]>;
}

const IDLE = { stage: 'idle' } as const;

export function isBusy({ stage }: AttackState<unknown>): boolean {
  return stage === 'loading' || stage === 'attacking';
}

/** Attackers that are loaded when they are first needed and end with the page that shows them. To be run one after the other. */
export function useAttackers(): Attackers {
  const [painting, setPainting] = useState<AttackState<Paintings>>(IDLE);
  const [judging, setJudging] = useState<AttackState<Judgement>>(IDLE);
  const [linking, setLinking] = useState<AttackState<Linkage>>(IDLE);
  const engine = useRef<AttackEngine | null>(null);
  /** The attack that goes on; null between two. */
  const going = useRef<object | null>(null);

  /** What is under way never answers. */
  const end = useCallback(() => {
    engine.current?.dispose();
    engine.current = null;
    going.current = null;
  }, []);
  useEffect(() => end, [end]);

  async function attack<Result>(
    backend: Backend,
    capture: Capture,
    become: (state: AttackState<Result>) => void,
    perform: (engine: AttackEngine, onProgress: (fraction: number) => void) => Promise<Result>,
  ): Promise<void> {
    if (going.current !== null) return;
    const mine = {};
    going.current = mine;
    // Progress comes another way than the answer, and may come after it.
    const advance = (state: AttackState<Result>) => going.current === mine && become(state);
    const loading = (fraction: number) => advance({ stage: 'loading', fraction });
    loading(0);
    try {
      // What all attackers need is about as much as what one needs beside it.
      const common = engine.current === null ? 0.5 : 0;
      const attackers = (engine.current ??= openAttackEngine());
      if (common > 0) await attackers.start(backend, (fraction) => loading(common * fraction));
      const onProgress = (fraction: number) =>
        fraction < 1 ? loading(common + (1 - common) * fraction) : advance({ stage: 'attacking' });
      const result = await perform(attackers, onProgress);
      if (going.current !== mine) return;
      going.current = null;
      become({ stage: 'done', capture, result });
    } catch (error) {
      if (going.current !== mine) return;
      end();
      become({ stage: 'failed', error: error instanceof XnnError ? error.code : 'page_failed' });
    }
  }

  function clear(state: AttackState<unknown>, become: (state: typeof IDLE) => void): void {
    if (isBusy(state)) end();
    become(IDLE);
  }

  return {
    painter: {
      state: painting,
      run: (backend, capture) =>
        void attack(backend, capture, setPainting, (engine, onProgress) => engine.paint(capture, onProgress)),
      clear: () => clear(painting, setPainting),
    },
    judge: {
      state: judging,
      run: (backend, capture, paintings) =>
        void attack(backend, capture, setJudging, (engine, onProgress) => engine.judge(capture, paintings, onProgress)),
      clear: () => clear(judging, setJudging),
    },
    linker: {
      state: linking,
      run: (backend, capture, photo) =>
        void attack(backend, capture, setLinking, (engine, onProgress) => engine.link(capture, photo, onProgress)),
      clear: () => clear(linking, setLinking),
    },
  };
}
