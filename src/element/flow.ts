import { countdown, frameOf, watch, type Guide } from '../client/guide.js';
import type { LiveCamera } from '../client/live-camera.js';
import { isErrorCode, SUBJECT_PATTERN, tidied, XnnError, type ErrorCode } from '../client/messages.js';
import type { Progress, Session, SessionState, Started } from '../client/types.js';
import type { Mode } from './events.js';

/** What a press of the button asks for, as the page left it: attributes are removed and misspelt, and frameworks set undefined. */
export interface Asked {
  /** A `Mode`; `verify` if there is none. */
  readonly mode?: string | null | undefined;
  /** Not used in mode `identify`. */
  readonly subject?: string | null | undefined;
  /** Its origin; null if what was given for it is none. */
  readonly cloud: string | null;
  /** Whether good pictures are taken without a press. */
  readonly automatic: boolean;
}

interface Task {
  readonly mode: Mode;
  /** In NFC and without blanks around it, as the cloud keeps names. */
  readonly subject: string;
  readonly cloud: string;
  readonly automatic: boolean;
}

export type Result =
  | { readonly kind: 'verified'; readonly mode: 'verify' | 'identify'; readonly subject: string }
  | { readonly kind: 'refused'; readonly mode: 'verify' | 'identify'; readonly subject: string | null }
  | { readonly kind: 'enrolled'; readonly subject: string; readonly receipt: string };

/** What a person sees, replaced as a whole on every change. */
export type FlowState =
  /** `released`: the camera was on, and was let go because the page was hidden. */
  | { readonly phase: 'idle'; readonly released: boolean }
  /** Camera and networks start side by side; the camera's picture is there as soon as it is. */
  | { readonly phase: 'starting'; readonly stream: MediaStream | null; readonly progress: Progress }
  | {
      readonly phase: 'live';
      readonly stream: MediaStream;
      readonly cameras: readonly MediaDeviceInfo[];
      /** Null when the picture is good, undefined before anything is known. */
      readonly hint: ErrorCode | null | undefined;
      /** Until a picture is taken by itself, in s; null if none will be. */
      readonly seconds: number | null;
      readonly taken: number;
      readonly wanted: number;
    }
  | { readonly phase: 'working' }
  | { readonly phase: 'done'; readonly result: Result }
  | { readonly phase: 'failed'; readonly error: ErrorCode };

export interface FlowParts {
  readonly camera: LiveCamera;
  /** Opened when a button is pressed for the first time, and again after `release`. */
  readonly openSession: (cloud: string) => Session;
  /** Where the camera's picture plays. */
  readonly video: () => HTMLVideoElement | null;
  /** Told once of every session that is ready. */
  readonly onReady: (started: Started) => void;
  /** Told of what was cancelled and stored all the same: without its receipt, nobody could remove it. */
  readonly onLate: (result: Extract<Result, { kind: 'enrolled' }>) => void;
}

/** Pictures that are averaged into one template. */
const SHOTS = 3;

const MODES: readonly unknown[] = ['verify', 'identify', 'enrol'] satisfies readonly Mode[];

export function isMode(value: unknown): value is Mode {
  return MODES.includes(value);
}

const IDLE: FlowState = { phase: 'idle', released: false };

/** From the press of a button to an answer: camera, networks, pictures, cloud. Has nothing open before `begin` and after `release`. */
export class Flow {
  readonly #parts: FlowParts;
  readonly #onChange: (state: FlowState, before: FlowState) => void;
  #state: FlowState = IDLE;
  #session: Session | null = null;
  /** What goes on; null when nothing does. */
  #run: AbortController | null = null;
  /** Takes a picture for what goes on. */
  #take: (frame: ImageBitmap) => void = (frame) => frame.close();

  constructor(parts: FlowParts, onChange: (state: FlowState, before: FlowState) => void) {
    this.#parts = parts;
    this.#onChange = onChange;
    parts.camera.subscribe(() => this.#onCamera());
  }

  get state(): FlowState {
    return this.#state;
  }

  /** Opens camera and session, and goes on until there is an answer or an error. In place of what goes on. */
  begin(asked: Asked): void {
    this.#stop();
    const task = taskOf(asked);
    if (typeof task === 'string') return this.#become({ phase: 'failed', error: task });
    const run = new AbortController();
    this.#run = run;
    this.#become({ phase: 'starting', stream: null, progress: { stage: 'download', fraction: 0 } });
    void this.#parts.camera.start();
    this.#perform(task, run.signal).then(
      (result) => {
        if (run === this.#run) this.#end({ phase: 'done', result });
        else if (result.kind === 'enrolled') this.#parts.onLate(result);
      },
      (error: unknown) => run === this.#run && this.#end({ phase: 'failed', error: codeOf(error) }),
    );
  }

  /** Takes what the camera shows now, good or not. */
  async take(): Promise<void> {
    const frame = await frameOf(this.#parts.video());
    if (frame !== null) this.#take(frame);
  }

  /** Goes on with another camera. */
  chooseCamera(deviceId: string): void {
    if (this.#run !== null) void this.#parts.camera.start(deviceId);
  }

  /** Ends what goes on and lets the camera go. The networks stay loaded, for another try. */
  cancel(): void {
    this.#end(IDLE);
  }

  /** Ends everything: camera, worker, and with the worker its tensors. */
  release(): void {
    this.cancel();
    this.#session?.dispose();
    this.#session = null;
  }

  async #perform(task: Task, signal: AbortSignal): Promise<Result> {
    const session = this.#opened(task.cloud);
    const progress = session.subscribe(() => this.#onSession(session.getState()));
    signal.addEventListener('abort', progress);
    await Promise.all([
      until(this.#parts.camera, ({ phase }) => phase === 'live', signal),
      until(session, isReady, signal),
    ]);
    const pictures = await this.#pictures(session, task, signal);
    try {
      signal.throwIfAborted();
      this.#parts.camera.stop();
      this.#become({ phase: 'working' });
      // What a cancelled run asked goes on, and a session does one thing at a time.
      await until(session, isIdle, signal);
      signal.throwIfAborted();
    } catch (error) {
      for (const picture of pictures) picture.close();
      throw error;
    }
    await ask(session, task, pictures);
    return resultOf(session.getState(), task);
  }

  #opened(cloud: string): Session {
    this.#session?.restart();
    if (this.#session === null) {
      const session = this.#parts.openSession(cloud);
      this.#session = session;
      const leave = session.subscribe(() => {
        const state = session.getState();
        if (state.status !== 'ready') return;
        leave();
        this.#parts.onReady(state.started);
      });
    }
    return this.#session;
  }

  /** As many as the task needs, taken by a press or by themselves. */
  #pictures(session: Session, task: Task, signal: AbortSignal): Promise<readonly ImageBitmap[]> {
    const wanted = task.mode === 'enrol' ? SHOTS : 1;
    const taken: ImageBitmap[] = [];
    const enough = new AbortController();
    const ends = AbortSignal.any([signal, enough.signal]);
    /** When the last one was taken, in ms. */
    let takenAt = -Infinity;
    const camera = this.#parts.camera.getState();
    if (camera.phase === 'live') {
      this.#become({ ...camera, phase: 'live', hint: undefined, seconds: null, taken: 0, wanted });
    }

    return new Promise((resolve, reject) => {
      const giveUp = () => {
        for (const picture of taken) picture.close();
        reject(asError(signal.reason));
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#take = (frame) => {
        if (ends.aborted) return frame.close();
        taken.push(frame);
        takenAt = performance.now();
        this.#show({ taken: taken.length });
        if (taken.length < wanted) return;
        signal.removeEventListener('abort', giveUp);
        enough.abort();
        resolve(taken);
      };
      const look = (guide: Guide, frame: ImageBitmap) => {
        const counted = task.automatic ? countdown(guide, performance.now(), takenAt) : null;
        this.#show({ hint: guide.hint, seconds: counted?.seconds ?? null });
        if (counted?.part === 1) this.#take(frame);
        else frame.close();
      };
      watch(session, this.#parts.video, look, ends).catch(reject);
    });
  }

  #onCamera(): void {
    const camera = this.#parts.camera.getState();
    if (this.#run === null || camera.phase === 'opening') return;
    if (camera.phase === 'live') {
      if (this.#state.phase === 'starting') this.#become({ ...this.#state, stream: camera.stream });
      else this.#show({ stream: camera.stream, cameras: camera.cameras });
    } else if (camera.error !== null) {
      this.#end({ phase: 'failed', error: camera.error });
    } else if (camera.released) {
      this.#end({ phase: 'idle', released: true });
    }
  }

  #onSession(session: SessionState): void {
    if (session.status === 'starting' && this.#state.phase === 'starting') {
      this.#become({ ...this.#state, progress: session.progress });
    }
  }

  #show(change: Partial<Omit<Extract<FlowState, { phase: 'live' }>, 'phase'>>): void {
    if (this.#state.phase === 'live') this.#become({ ...this.#state, ...change });
  }

  #end(state: FlowState): void {
    this.#stop();
    this.#become(state);
  }

  #stop(): void {
    const run = this.#run;
    this.#run = null;
    this.#take = (frame) => frame.close();
    run?.abort();
    this.#parts.camera.stop();
  }

  #become(state: FlowState): void {
    const before = this.#state;
    this.#state = state;
    this.#onChange(state, before);
  }
}

/** What is subscribed to. */
interface Store<State> {
  getState(): State;
  subscribe(listener: () => void): () => void;
}

/** Resolves once it holds of the state; rejects with what it throws, or when the signal says so. */
function until<State>(store: Store<State>, holds: (state: State) => boolean, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      try {
        if (holds(store.getState())) settle(resolve);
      } catch (error) {
        settle(() => reject(asError(error)));
      }
    };
    const leave = () => settle(() => reject(asError(signal.reason)));
    const settle = (how: () => void) => {
      unsubscribe();
      signal.removeEventListener('abort', leave);
      how();
    };
    signal.addEventListener('abort', leave);
    const unsubscribe = store.subscribe(look);
    look();
  });
}

function isReady(state: SessionState): boolean {
  if (state.status === 'failed') throw new XnnError(state.error);
  return state.status === 'ready';
}

function isIdle(state: SessionState): boolean {
  return state.status === 'ready' && state.activity === 'idle';
}

/** @returns why not, if that cannot be asked */
function taskOf({ mode: wanted, subject: name, cloud, automatic }: Asked): Task | ErrorCode {
  const mode = wanted ?? 'verify';
  const subject = tidied(name ?? '');
  if (!isMode(mode) || cloud === null) return 'request_invalid';
  if (mode !== 'identify' && !SUBJECT_PATTERN.test(subject)) return 'subject_invalid';
  return { mode, subject, cloud, automatic };
}

function ask(session: Session, { mode, subject }: Task, pictures: readonly ImageBitmap[]): Promise<void> {
  switch (mode) {
    case 'verify':
      return session.verify(subject, pictures[0]!);
    case 'identify':
      return session.identify(pictures[0]!);
    case 'enrol':
      return session.enrol(subject, pictures);
  }
}

/** @throws the session's error as XnnError; page_failed if it answered something else */
function resultOf(state: SessionState, task: Task): Result {
  if (state.status !== 'ready' || state.error !== null || state.outcome === null) {
    throw new XnnError((state.status !== 'starting' && state.error) || 'page_failed');
  }
  const { outcome } = state;
  if (task.mode === 'identify' && outcome.kind === 'identified') {
    const { subject } = outcome;
    return subject === null
      ? { kind: 'refused', mode: 'identify', subject }
      : { kind: 'verified', mode: 'identify', subject };
  }
  const { subject } = task;
  if (task.mode === 'enrol' && outcome.kind === 'enrolled' && outcome.subject === subject) {
    return { kind: 'enrolled', subject, receipt: outcome.removal };
  }
  if (task.mode === 'verify' && outcome.kind === 'verified' && outcome.subject === subject) {
    return { kind: outcome.match ? 'verified' : 'refused', mode: 'verify', subject };
  }
  throw new XnnError('page_failed', outcome.kind);
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof XnnError && isErrorCode(error.code) ? error.code : 'page_failed';
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
