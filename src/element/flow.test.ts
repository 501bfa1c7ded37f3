import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Cloud } from '../client/cloud.js';
import type { Engine } from '../client/engine.js';
import type { CameraState, LiveCamera } from '../client/live-camera.js';
import type { ErrorCode } from '../client/messages.js';
import { createSession } from '../client/session.js';
import type { Outcome, Session, SessionState, Started } from '../client/types.js';
import type { EnrolmentReply, VerificationReply } from '../wire/api.js';
import { Flow, type Asked, type FlowParts, type FlowState } from './flow.js';
import { READY, RECEIPT as receipt } from '../client/testing.js';

const STARTING: SessionState = { status: 'starting', progress: { stage: 'download', fraction: 0.3 } };
const OFF: CameraState = { phase: 'off', error: null, released: false };
const LIVE: CameraState = { phase: 'live', stream: {} as MediaStream, cameras: [] };
const VERIFY: Asked = { mode: 'verify', subject: 'Ada', cloud: 'https://face.example.com', automatic: false };

/** A state that is told how to change. */
function store<State>(initial: State) {
  let state = initial;
  const listeners = new Set<() => void>();
  return {
    getState: () => state,
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    become(next: State) {
      state = next;
      for (const listener of [...listeners]) listener();
    },
    listeners,
  };
}

/** Camera frames that are not closed yet. */
let openFrames: number;
let hint: ErrorCode | null;
/** Whether the session answers looks; one that ended does not. */
let answers: boolean;
let camera: ReturnType<typeof store<CameraState>>;
let start: ReturnType<typeof vi.fn<LiveCamera['start']>>;
let session: ReturnType<typeof store<SessionState>>;
let answer: Outcome | ErrorCode;
let dispose: ReturnType<typeof vi.fn<() => void>>;
let openSession: ReturnType<typeof vi.fn<() => Session>>;
let onReady: ReturnType<typeof vi.fn<(started: Started) => void>>;
let onLate: ReturnType<typeof vi.fn<FlowParts['onLate']>>;
let flow: Flow;
let seen: FlowState[];

beforeEach(() => {
  vi.useFakeTimers();
  openFrames = 0;
  const frame = () => {
    openFrames++;
    return Promise.resolve({ close: () => openFrames-- });
  };
  vi.stubGlobal('createImageBitmap', frame);
  vi.stubGlobal('HTMLMediaElement', { HAVE_CURRENT_DATA: 2 });
  hint = null;
  answers = true;
  answer = { kind: 'verified', subject: 'Ada', match: true, receipt };
  camera = store(OFF);
  start = vi.fn<LiveCamera['start']>(() => Promise.resolve(camera.become({ phase: 'opening' })));
  session = store(STARTING);
  dispose = vi.fn(() => session.listeners.clear());
  const act = (pictures: readonly { close(): void }[]) => {
    for (const picture of pictures) picture.close();
    session.become(
      typeof answer === 'string' ? { ...READY, error: answer } : { ...READY, outcome: answer, error: null },
    );
    return Promise.resolve();
  };
  openSession = vi.fn(
    () =>
      ({
        ...session,
        dispose,
        restart: () => session.getState().status === 'failed' && session.become(STARTING),
        look: (looked: { close(): void }) => {
          looked.close();
          return answers ? Promise.resolve({ hint, box: null }) : new Promise(() => {});
        },
        verify: (_: string, picture: { close(): void }) => act([picture]),
        identify: (picture: { close(): void }) => act([picture]),
        enrol: (_: string, pictures: readonly { close(): void }[]) => act(pictures),
      }) as unknown as Session,
  );
  onReady = vi.fn<(started: Started) => void>();
  onLate = vi.fn<FlowParts['onLate']>();
  seen = [];
  flow = new Flow(
    {
      camera: { ...camera, start, stop: () => camera.become(OFF) },
      openSession,
      video: () => ({ readyState: 2 }) as HTMLVideoElement,
      onReady,
      onLate,
    },
    (state) => seen.push(state),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function live(task: Asked = VERIFY): Promise<void> {
  flow.begin(task);
  camera.become(LIVE);
  session.become(READY);
  await vi.advanceTimersByTimeAsync(0);
  expect(flow.state.phase).toBe('live');
}

describe('a flow', () => {
  it('opens nothing before it is begun', async () => {
    await vi.advanceTimersByTimeAsync(5000);
    expect(openSession).not.toHaveBeenCalled();
    expect(start).not.toHaveBeenCalled();
    expect(flow.state).toEqual({ phase: 'idle', released: false });
  });

  it('starts camera and networks side by side and shows both', async () => {
    flow.begin(VERIFY);
    expect(start).toHaveBeenCalledOnce();
    session.become({ status: 'starting', progress: { stage: 'compile', fraction: 0.8 } });
    expect(flow.state).toMatchObject({ phase: 'starting', stream: null, progress: { fraction: 0.8 } });
    camera.become(LIVE);
    expect(flow.state).toMatchObject({ phase: 'starting', stream: LIVE.stream, progress: { fraction: 0.8 } });
    session.become(READY);
    await vi.advanceTimersByTimeAsync(0);
    expect(flow.state).toMatchObject({ phase: 'live', taken: 0, wanted: 1 });
    expect(onReady).toHaveBeenCalledExactlyOnceWith(READY.started);
  });

  it('takes a picture by a press only, if it is told so', async () => {
    await live();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(flow.state).toMatchObject({ phase: 'live', hint: null, seconds: null });
    await flow.take();
    await vi.advanceTimersByTimeAsync(200);
    expect(flow.state).toEqual({ phase: 'done', result: { kind: 'verified', mode: 'verify', subject: 'Ada' } });
    expect(camera.getState()).toBe(OFF);
    expect(openFrames).toBe(0);
  });

  it('counts down while the picture is good, and from the beginning if it was not', async () => {
    await live({ ...VERIFY, automatic: true });
    await vi.advanceTimersByTimeAsync(1200);
    expect(flow.state).toMatchObject({ seconds: 1 });
    hint = 'blurred';
    await vi.advanceTimersByTimeAsync(500);
    expect(flow.state).toMatchObject({ phase: 'live', hint: 'blurred', seconds: null });
    hint = null;
    await vi.advanceTimersByTimeAsync(1200);
    expect(flow.state).toMatchObject({ phase: 'live', hint: null });
    await vi.advanceTimersByTimeAsync(1000);
    expect(flow.state).toMatchObject({ phase: 'done' });
    expect(openFrames).toBe(0);
  });

  it('takes three pictures to enrol, a second apart, and hands out the receipt', async () => {
    answer = { kind: 'enrolled', subject: 'Ada', removal: 'ab'.repeat(32), receipt };
    await live({ ...VERIFY, mode: 'enrol', subject: 'Ada', automatic: true });
    await vi.advanceTimersByTimeAsync(6000);
    expect(seen.flatMap((state) => (state.phase === 'live' ? [state.taken] : []))).toContain(2);
    expect(flow.state).toEqual({
      phase: 'done',
      result: { kind: 'enrolled', subject: 'Ada', receipt: 'ab'.repeat(32) },
    });
    expect(openFrames).toBe(0);
  });

  it.each([
    ['verify', { kind: 'verified', subject: 'Ada', match: false, receipt }, 'Ada'],
    ['identify', { kind: 'identified', subject: null, receipt }, null],
  ] as const)('says no in mode %s', async (mode, outcome, subject) => {
    answer = outcome;
    await live({ ...VERIFY, mode });
    await flow.take();
    await vi.advanceTimersByTimeAsync(200);
    expect(flow.state).toEqual({ phase: 'done', result: { kind: 'refused', mode, subject } });
  });

  it('wants a name before it opens anything, except to identify', () => {
    for (const subject of ['', ' ', 'Ada  Lovelace', 'a'.repeat(65)]) {
      flow.begin({ ...VERIFY, subject });
      expect(flow.state).toEqual({ phase: 'failed', error: 'subject_invalid' });
    }
    expect(start).not.toHaveBeenCalled();
    flow.begin({ ...VERIFY, mode: 'identify', subject: '' });
    expect(start).toHaveBeenCalledOnce();
  });

  it.each([
    [null, null, 'subject_invalid'],
    [undefined, undefined, 'subject_invalid'],
    ['enrol', undefined, 'subject_invalid'],
    ['Verify', 'Ada', 'request_invalid'],
    ['', 'Ada', 'request_invalid'],
    ['constructor', 'Ada', 'request_invalid'],
  ])('opens nothing in mode %j for subject %j', (mode, subject, error) => {
    flow.begin({ ...VERIFY, mode, subject, automatic: true });
    expect(flow.state).toEqual({ phase: 'failed', error });
    expect(start).not.toHaveBeenCalled();
  });

  it('takes decomposed letters for the name that the cloud knows', async () => {
    answer = { kind: 'verified', subject: 'Zo\u00eb', match: true, receipt };
    await live({ ...VERIFY, subject: 'Zoe\u0308 ' });
    await flow.take();
    await vi.advanceTimersByTimeAsync(200);
    expect(flow.state).toMatchObject({ phase: 'done', result: { kind: 'verified', subject: 'Zo\u00eb' } });
  });

  it.each([
    ['verify', { kind: 'verified', subject: 'Eve', match: true, receipt }],
    ['verify', { kind: 'enrolled', subject: 'Ada', removal: 'ab'.repeat(32), receipt }],
    ['verify', { kind: 'identified', subject: 'Ada', receipt }],
    ['identify', { kind: 'verified', subject: 'Ada', match: true, receipt }],
  ] as const)('takes in mode %s no answer to another question', async (mode, outcome) => {
    answer = outcome;
    await live({ ...VERIFY, mode });
    await flow.take();
    await vi.advanceTimersByTimeAsync(200);
    expect(flow.state).toEqual({ phase: 'failed', error: 'page_failed' });
  });

  it('says what went wrong in camera, networks and cloud, and lets the camera go', async () => {
    flow.begin(VERIFY);
    camera.become({ phase: 'off', error: 'camera_refused', released: false });
    expect(flow.state).toEqual({ phase: 'failed', error: 'camera_refused' });

    flow.begin(VERIFY);
    camera.become(LIVE);
    session.become({ status: 'failed', error: 'model_missing' });
    await vi.advanceTimersByTimeAsync(0);
    expect(flow.state).toEqual({ phase: 'failed', error: 'model_missing' });
    expect(camera.getState()).toBe(OFF);

    answer = 'server_away';
    await live();
    await flow.take();
    await vi.advanceTimersByTimeAsync(200);
    expect(flow.state).toEqual({ phase: 'failed', error: 'server_away' });
  });

  it('goes back to the beginning when the page was hidden', async () => {
    await live();
    camera.become({ phase: 'off', error: null, released: true });
    expect(flow.state).toEqual({ phase: 'idle', released: true });
    await vi.advanceTimersByTimeAsync(1000);
    expect(openFrames).toBe(0);
  });

  it('keeps the networks through a cancel, and lets all go at the end', async () => {
    await live({ ...VERIFY, mode: 'enrol', subject: 'Ada', automatic: false });
    await flow.take();
    expect(openFrames).toBeGreaterThan(0);
    flow.cancel();
    await vi.advanceTimersByTimeAsync(1000);
    expect(flow.state.phase).toBe('idle');
    expect(openFrames).toBe(0);
    expect(dispose).not.toHaveBeenCalled();
    await live();
    expect(openSession).toHaveBeenCalledOnce();
    flow.release();
    await vi.advanceTimersByTimeAsync(1000);
    expect(dispose).toHaveBeenCalledOnce();
    expect(camera.getState()).toBe(OFF);
    expect(openFrames).toBe(0);
    await live();
    expect(openSession).toHaveBeenCalledTimes(2);
  });

  it('lets go of a frame that is being looked at', async () => {
    await live();
    answers = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(openFrames).toBe(1);
    flow.release();
    expect(openFrames).toBe(0);
  });
});

describe('over a session as it is, a flow', () => {
  const BOB: Asked = { ...VERIFY, subject: 'Bob' };
  let verify: ReturnType<typeof vi.fn<Cloud['verify']>>;
  /** Answers what the cloud was asked first. */
  let answerFirst: (reply: VerificationReply | EnrolmentReply) => void;
  let workersAllowed: boolean;

  beforeEach(() => {
    workersAllowed = true;
    const first = new Promise<VerificationReply | EnrolmentReply>((resolve) => (answerFirst = resolve));
    verify = vi
      .fn<Cloud['verify']>()
      .mockReturnValueOnce(first as Promise<VerificationReply>)
      .mockResolvedValue({ verdict: 'no_match' });
    const { model, keyedModel } = READY.started;
    const cloud: Partial<Cloud> = {
      service: () => Promise.resolve({ model, keyedModel, tenant: '64'.repeat(16) }),
      challenge: () => Promise.resolve({ challenge: '01'.repeat(16), expiresIn: 180_000 }),
      verify,
      enrol: () => first as Promise<EnrolmentReply>,
    };
    const engine: Partial<Engine> = {
      start: () => Promise.resolve(READY.started),
      look: (frame) => {
        frame.close();
        return Promise.resolve({ hint: null, box: null });
      },
      capture: () =>
        Promise.resolve({
          face: new Uint8Array(),
          clean: new Float32Array(),
          message: new Uint8Array(48),
          stageMs: { detect: 1, align: 1, encode: 1, pack: 1 },
        }),
      dispose,
    };
    openSession.mockImplementation(() =>
      createSession({
        openEngine: () => {
          if (!workersAllowed) throw new DOMException('', 'SecurityError');
          return engine as Engine;
        },
        cloud: cloud as Cloud,
        storage: null,
        keys: {
          load: () => Promise.resolve(null),
          keep: () => Promise.resolve(),
          forget: () => Promise.resolve(),
          watch: () => () => {},
        },
      }),
    );
  });

  async function shown(asked: Asked, pictures = 1): Promise<void> {
    flow.begin(asked);
    camera.become(LIVE);
    await vi.advanceTimersByTimeAsync(0);
    for (let i = 0; i < pictures; i++) await flow.take();
    await vi.advanceTimersByTimeAsync(500);
    expect(flow.state.phase).toBe('working');
  }

  it('takes a late answer about one person for none about the next, and asks about that one after it', async () => {
    await shown(VERIFY);
    flow.cancel();
    await shown(BOB);
    expect(verify).toHaveBeenCalledOnce();
    answerFirst({ verdict: 'match' });
    await vi.advanceTimersByTimeAsync(0);
    expect(verify.mock.calls.map(([subject]) => subject)).toEqual(['Ada', 'Bob']);
    expect(flow.state).toEqual({ phase: 'done', result: { kind: 'refused', mode: 'verify', subject: 'Bob' } });
    expect(openFrames).toBe(0);
  });

  it.each(['cancel', 'release'] as const)('lets go of a picture that waits for a late answer, by %s', async (end) => {
    await shown(VERIFY);
    flow.cancel();
    await shown(BOB);
    const before = openFrames;
    flow[end]();
    await vi.advanceTimersByTimeAsync(0);
    // Ada's picture is closed with her answer.
    expect([before, openFrames]).toEqual([2, 1]);
    answerFirst({ verdict: 'match' });
    await vi.advanceTimersByTimeAsync(0);
    expect(verify).toHaveBeenCalledOnce();
    expect(flow.state.phase).toBe('idle');
    expect(openFrames).toBe(0);
  });

  it.each(['cancel', 'release'] as const)('gives the receipt of what the cloud stored after a %s', async (end) => {
    await shown({ ...VERIFY, mode: 'enrol' }, 3);
    flow[end]();
    answerFirst({ subject: 'Ada', receipt: 'ab'.repeat(32) });
    await vi.advanceTimersByTimeAsync(0);
    expect(onLate).toHaveBeenCalledExactlyOnceWith({ kind: 'enrolled', subject: 'Ada', receipt: 'ab'.repeat(32) });
    expect(flow.state.phase).toBe('idle');
    expect(openFrames).toBe(0);
  });

  it('says so where no worker may be started, and begins anew where it may', async () => {
    vi.stubGlobal('reportError', () => {});
    workersAllowed = false;
    flow.begin(VERIFY);
    camera.become(LIVE);
    await vi.advanceTimersByTimeAsync(0);
    expect(flow.state).toEqual({ phase: 'failed', error: 'page_failed' });
    expect(camera.getState()).toBe(OFF);
    workersAllowed = true;
    await shown(VERIFY);
    expect(openSession).toHaveBeenCalledOnce();
  });
});
