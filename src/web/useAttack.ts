import { useCallback, useEffect, useRef, useState } from 'react';
import { openAttackEngine, type Attack, type AttackEngine } from '../client/attack.js';
import { XnnError, type ErrorCode } from '../client/messages.js';
import type { Backend, Capture } from '../client/types.js';

export type AttackState =
  | { readonly stage: 'idle' }
  /** `fraction` of the attackers' weights are here. */
  | { readonly stage: 'loading'; readonly fraction: number }
  | { readonly stage: 'attacking' }
  | { readonly stage: 'done'; readonly capture: Capture; readonly attack: Attack }
  | { readonly stage: 'failed'; readonly error: ErrorCode };

/** Attackers that are loaded when they are first needed and end with the page that shows them. */
export function useAttack(): {
  readonly state: AttackState;
  readonly run: (backend: Backend, capture: Capture) => void;
  readonly clear: () => void;
} {
  const [state, setState] = useState<AttackState>({ stage: 'idle' });
  const started = useRef<{ engine: AttackEngine; ready: Promise<void> } | null>(null);

  const end = useCallback(() => {
    started.current?.engine.dispose();
    started.current = null;
  }, []);
  useEffect(() => end, [end]);

  const run = (backend: Backend, capture: Capture) => {
    if (started.current === null) {
      const engine = openAttackEngine();
      setState({ stage: 'loading', fraction: 0 });
      const ready = engine.start(backend, (fraction) => setState({ stage: 'loading', fraction }));
      started.current = { engine, ready };
    }
    const { engine, ready } = started.current;
    ready
      .then(() => {
        setState({ stage: 'attacking' });
        return engine.attack(capture);
      })
      .then(
        (attack) => setState({ stage: 'done', capture, attack }),
        (error: unknown) => {
          end();
          setState({ stage: 'failed', error: error instanceof XnnError ? error.code : 'page_failed' });
        },
      );
  };
  return { state, run, clear: () => setState({ stage: 'idle' }) };
}
