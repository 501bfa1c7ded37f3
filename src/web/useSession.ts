import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type { ErrorCode } from '../client/messages.js';
import type { Activity, OpenKey, Outcome, Progress, Session, SessionState } from '../client/types.js';

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('no session around this component');
  return session;
}

const STARTING = { status: 'starting' } as const;

/** Where the session stands, without how far its start is: whole pages would be drawn again for each step of it. */
export function useSessionState(): Exclude<SessionState, { status: 'starting' }> | typeof STARTING {
  return useSnapshot((state) => (state.status === 'starting' ? STARTING : state));
}

/** How far the start is; null without one. */
export function useProgress(): Progress | null {
  return useSnapshot((state) => (state.status === 'starting' ? state.progress : null));
}

/** @param part the same object until it has changed */
function useSnapshot<Part>(part: (state: SessionState) => Part): Part {
  const session = useSession();
  const snapshot = () => part(session.getState());
  return useSyncExternalStore((listener) => session.subscribe(listener), snapshot, snapshot);
}

/** Fingerprint of the person's own key; null without one. */
export function useOwnKey(): string | null {
  const state = useSessionState();
  return state.status === 'ready' ? state.ownKey : null;
}

/** Whether a key hides faces, and not noise. */
export function useUnderKey(): boolean {
  const [open, own] = [useKey(), useOwnKey()];
  return open !== null || own !== null;
}

/** The key of a network that is open; null without one. */
export function useKey(): OpenKey | null {
  const state = useSessionState();
  return state.status === 'ready' ? state.key : null;
}

/** What one page has the session do. */
export interface Action {
  /** Whether an action can begin. */
  readonly ready: boolean;
  readonly activity: Activity;
  /** The answer or refusal this page asked for; null before it asked. */
  readonly outcome: Outcome | null;
  readonly error: ErrorCode | null;
  /** Which of several pictures it is of, from 0; null for none or all. */
  readonly wrong: number | null;
  /** Begins, unless another action is going on. */
  run(perform: (session: Session) => Promise<void>): void;
  /** Takes the answer away, because what was asked has changed. */
  clear(): void;
}

/**
 * Lets a page act. Its answer is cleared when the page is left.
 *
 * @param asks whether an answer that comes after the question has changed is to be let fall. What is done is told, however late.
 */
export function useAction(asks = false): Action {
  const session = useSession();
  const state = useSessionState();
  const [begun, setBegun] = useState(false);
  useEffect(() => () => session.reset(), [session]);

  const ready = state.status === 'ready';
  const activity = ready ? state.activity : 'idle';
  return {
    ready: ready && activity === 'idle',
    activity,
    outcome: begun && ready ? state.outcome : null,
    error: begun && ready ? state.error : null,
    wrong: begun && ready ? state.wrong : null,
    run(perform) {
      if (!ready || activity !== 'idle') return;
      setBegun(true);
      void perform(session);
    },
    clear() {
      if (!begun) return;
      session.reset();
      if (asks) setBegun(false);
    },
  };
}
