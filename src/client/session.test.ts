import { beforeEach, describe, expect, it, vi } from 'vitest';
import { XnnError, type ErrorCode } from '../core/errors.js';
import { TENANT_BYTES } from '../core/spec.js';
import { fromHex, toHex } from '../wire/hex.js';
import type { KeyInfo } from '../wire/key-file.js';
import type { Cloud, Offer } from './cloud.js';
import type { Engine } from './engine.js';
import type { OwnKey } from './own-key.js';
import { createSession, type SessionOptions } from './session.js';
import type { Picture, Progress, Session, SessionState, Started } from './types.js';

const STARTED: Started = {
  backend: 'wasm',
  model: '0123456789abcdef',
  keyedModel: 'fedcba9876543210',
  release: '1.0.0',
};
const SERVICE = { model: STARTED.model, keyedModel: STARTED.keyedModel, tenant: '64656d6f' + '00'.repeat(12) };
const TENANT = SERVICE.tenant;
const RECEIPT = 'ab'.repeat(32);
const KEY: KeyInfo = {
  scheme: 'xnn-hardened',
  fingerprint: 'fe'.repeat(16),
  encoder: STARTED.model,
  created: '2024-01-01T00:00:00Z',
};
const DEPLOYED = { tenant: 'cd'.repeat(16), model: 'ef'.repeat(8) };
const OFFER: Offer = {
  ...DEPLOYED,
  encoder: KEY.encoder,
  sha256: '12'.repeat(32),
  threshold: 0.5,
  proof: '34'.repeat(32),
};
const PICTURE = new Blob(['a picture']);

/** A message without what it tells. */
const HEADER_BYTES = 48;

/** What a message is bound to, in hexadecimal digits (`wire/message.ts`). */
function boundTo(message: Uint8Array) {
  const [model, tenant, challenge] = [message.subarray(8, 16), message.subarray(16, 32), message.subarray(32, 48)].map(
    toHex,
  );
  return { model, tenant, challenge };
}
const NOBODYS = { tenant: '00'.repeat(16), challenge: '00'.repeat(16) };

/** A promise to be settled from outside. */
function pending<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}

class FakeEngine implements Engine {
  readonly starting = pending<Started>();
  progress: (progress: Progress) => void = () => {};
  readonly start = vi.fn((_: unknown, onProgress: (progress: Progress) => void) => {
    this.progress = onProgress;
    return this.starting.promise;
  });
  readonly look = vi.fn<Engine['look']>().mockResolvedValue({ hint: null, box: null });
  readonly study = vi.fn<Engine['study']>();
  readonly capture = vi.fn<Engine['capture']>(() =>
    Promise.resolve({
      face: new Uint8Array(),
      clean: new Float32Array(),
      message: new Uint8Array(HEADER_BYTES),
      stageMs: { detect: 1, align: 1, encode: 1, pack: 1 },
    }),
  );
  readonly prepareKeyed = vi.fn<Engine['prepareKeyed']>().mockResolvedValue();
  readonly openKey = vi.fn<Engine['openKey']>().mockResolvedValue(KEY);
  readonly isProved = vi.fn<Engine['isProved']>().mockResolvedValue(true);
  readonly closeKey = vi.fn<Engine['closeKey']>().mockResolvedValue();
  readonly dispose = vi.fn();
}

function fakeCloud() {
  let challenges = 0;
  return {
    service: vi.fn<Cloud['service']>().mockResolvedValue(SERVICE),
    challenge: vi.fn<Cloud['challenge']>(() =>
      Promise.resolve({ challenge: `${++challenges}`.padStart(32, '0'), expiresIn: 180_000 }),
    ),
    enrol: vi.fn<Cloud['enrol']>((subject) => Promise.resolve({ subject, receipt: RECEIPT })),
    verify: vi.fn<Cloud['verify']>().mockResolvedValue({ verdict: 'match' }),
    identify: vi.fn<Cloud['identify']>().mockResolvedValue({ verdict: 'match', subject: 'Ada' }),
    remove: vi.fn<Cloud['remove']>().mockResolvedValue({ removed: true }),
    deployments: vi.fn<Cloud['deployments']>().mockResolvedValue([OFFER]),
  };
}

class FakeStorage {
  readonly items = new Map<string, string>();
  getItem(key: string) {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string) {
    this.items.set(key, value);
  }
}

let engines: FakeEngine[];
let cloud: ReturnType<typeof fakeCloud>;
let storage: FakeStorage;
let keys: Map<string, OwnKey>;
let watching: ((isKept: boolean) => void)[];
let session: Session;
let seen: SessionState[];

function open(options: SessionOptions = {}): void {
  session = createSession({
    ...options,
    openEngine: () => {
      const engine = new FakeEngine();
      engines.push(engine);
      return engine;
    },
    cloud,
    storage,
    keys: {
      load: (name) => Promise.resolve(keys.get(name) ?? null),
      keep: (name, key) => Promise.resolve(void keys.set(name, key)),
      forget: (name) => Promise.resolve(void keys.delete(name)),
      watch: (_, changed) => {
        watching.push(changed);
        return () => (watching = watching.filter((other) => other !== changed));
      },
    },
  });
  seen = [];
  session.subscribe(() => seen.push(session.getState()));
}

async function ready(): Promise<FakeEngine> {
  const engine = engines.at(-1)!;
  engine.starting.resolve(STARTED);
  await vi.waitFor(() => expect(session.getState().status).toBe('ready'));
  seen.length = 0;
  return engine;
}

function away(code: ErrorCode) {
  return () => Promise.reject(new XnnError(code));
}

const activities = () => seen.map((state) => (state.status === 'ready' ? state.activity : state.status));

beforeEach(() => {
  engines = [];
  cloud = fakeCloud();
  storage = new FakeStorage();
  keys = new Map();
  watching = [];
  open();
});

describe('an own key', () => {
  const states = () => session.getState();

  it('hides faces that are shown by name, and not those that are searched for', async () => {
    const engine = await ready();
    await session.makeOwnKey();
    expect(engine.prepareKeyed).toHaveBeenCalledOnce();
    expect(states()).toMatchObject({
      ownKey: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      outcome: { kind: 'own key made' },
    });
    await session.enrol('Ada', [PICTURE]);
    const protection = { key: expect.any(CryptoKey) as CryptoKey, tenant: fromHex(TENANT, TENANT_BYTES) };
    expect(engine.capture.mock.lastCall![1]).toEqual(protection);
    expect(boundTo(cloud.enrol.mock.lastCall![1])).toMatchObject({ model: STARTED.keyedModel, tenant: TENANT });
    await session.identify(PICTURE);
    expect(engine.capture.mock.lastCall![1]).toBe('noise');
  });

  it('is kept for the next visit, until it is removed', async () => {
    await ready();
    await session.makeOwnKey();
    const made = keys.get('own')!;
    open();
    const engine = await ready();
    await vi.waitFor(() => expect(engine.prepareKeyed).toHaveBeenCalled());
    expect(states()).toMatchObject({ ownKey: made.fingerprint });
    await session.removeOwnKey();
    expect(states()).toMatchObject({ ownKey: null, outcome: { kind: 'own key removed' } });
    await session.verify('Ada', PICTURE);
    expect(engine.capture.mock.lastCall![1]).toBe('noise');
    expect(keys.size).toBe(0);
  });

  it('comes back from its words, and only from them', async () => {
    await ready();
    await session.makeOwnKey();
    const { outcome, ownKey } = states() as Extract<SessionState, { status: 'ready' }>;
    if (outcome?.kind !== 'own key made') throw new Error('no words');
    await session.removeOwnKey();
    await session.restoreOwnKey('abandon');
    expect(states()).toMatchObject({ ownKey: null, error: 'words_invalid' });
    await session.restoreOwnKey(outcome.words.join(' '));
    expect(states()).toMatchObject({ ownKey, outcome: { kind: 'own key restored' } });
  });

  it('of a passkey is the same each time, where the page has passkeys', async () => {
    await ready();
    await session.makeOwnKey('passkey');
    expect(states()).toMatchObject({ ownKey: null, error: 'passkeys_missing' });
    open({ secretOfPasskey: () => Promise.resolve(new Uint8Array(32).fill(7)) });
    await ready();
    await session.makeOwnKey('passkey');
    expect(states()).toMatchObject({ ownKey: '0a7c3994b7c692d7', outcome: { kind: 'own key made' } });
    await session.removeOwnKey();
    await session.recallOwnKey();
    expect(states()).toMatchObject({ ownKey: '0a7c3994b7c692d7', outcome: { kind: 'own key restored' } });
  });

  it('that was made in another tab is not overwritten by one that a registration needs', async () => {
    await ready();
    const registering = session;
    open();
    await ready();
    await session.makeOwnKey();
    const made = keys.get('own')!;
    expect(await registering.ensureOwnKey()).toBeNull();
    expect(keys.get('own')).toBe(made);
    expect(registering.getState()).toMatchObject({ ownKey: made.fingerprint });
  });

  it('is that of the other tabs, from the next action on', async () => {
    const engine = await ready();
    const [tab, hears] = [session, watching[0]!];
    open();
    await ready();
    await session.makeOwnKey();
    const encoding = pending<void>();
    const capture = engine.capture.getMockImplementation()!;
    engine.capture.mockImplementationOnce(async (...given) => {
      await encoding.promise;
      return capture(...given);
    });
    const before = tab.identify(PICTURE);
    hears(true);
    encoding.resolve();
    await before;
    await vi.waitFor(() => expect(tab.getState()).toMatchObject({ ownKey: keys.get('own')!.fingerprint }));
    keys.clear();
    hears(true);
    await Promise.resolve();
    expect(tab.getState()).toMatchObject({ ownKey: expect.any(String) as string });
    hears(false);
    await vi.waitFor(() => expect(tab.getState()).toMatchObject({ ownKey: null }));
    tab.dispose();
    expect(watching).not.toContain(hears);
  });

  it('sends nothing to a cloud of another release', async () => {
    await ready();
    await session.makeOwnKey();
    cloud.service.mockResolvedValue({ ...SERVICE, keyedModel: '00'.repeat(8) });
    await session.verify('Ada', PICTURE);
    expect(states()).toMatchObject({ error: 'model_unsupported' });
    expect(cloud.verify).not.toHaveBeenCalled();
    const offer = { tenant: TENANT, model: STARTED.model, challenge: '00'.repeat(16) };
    await expect(session.messages([PICTURE], offer)).rejects.toMatchObject({ code: 'model_unsupported' });
  });

  it('changes nothing where its network cannot be loaded', async () => {
    const engine = await ready();
    engine.prepareKeyed.mockImplementation(away('model_missing'));
    await session.makeOwnKey();
    expect(states()).toMatchObject({ ownKey: null, error: 'model_missing' });
    expect(keys.size).toBe(0);
  });
});

describe('a key', () => {
  const file = new Blob(['a key file']);

  it('sends faces to the deployment that was trained with it, without asking for the service', async () => {
    const engine = await ready();
    await session.openKey(file, 'a passphrase');
    expect(activities()).toContain('opening');
    expect(engine.openKey).toHaveBeenCalledWith(file, 'a passphrase');
    expect(cloud.deployments).toHaveBeenCalledWith(KEY.fingerprint);
    const key = { ...KEY, deployment: DEPLOYED.tenant, model: DEPLOYED.model };
    expect(session.getState()).toMatchObject({ key, outcome: { kind: 'key opened', key }, error: null });
    await session.enrol('Ada', [PICTURE]);
    expect(engine.capture.mock.lastCall![1]).toBe('network key');
    expect(boundTo(cloud.enrol.mock.lastCall![1])).toMatchObject(DEPLOYED);
    expect(cloud.service).not.toHaveBeenCalled();

    // Names of this gallery are not those of the other.
    expect(session.enrolledHere()).toEqual(['Ada']);
    await session.closeKey();
    expect(engine.closeKey).toHaveBeenCalledOnce();
    expect(session.enrolledHere()).toEqual([]);
    await session.verify('Ada', PICTURE);
    expect(engine.capture.mock.lastCall![1]).toBe('noise');
    await session.openKey(file, 'a passphrase');
    await session.forget('Ada');
    expect(cloud.remove).toHaveBeenCalledWith('Ada', RECEIPT, DEPLOYED.tenant);
  });

  it('that no network was trained with is closed again', async () => {
    const engine = await ready();
    cloud.deployments.mockResolvedValue([]);
    await session.openKey(file, 'a passphrase');
    expect(session.getState()).toMatchObject({ key: null, error: 'key_unserved' });
    expect(engine.closeKey).toHaveBeenCalledOnce();
  });

  it('takes the latest deployment whose proof is right, and none but such', async () => {
    const engine = await ready();
    const strangers = { ...OFFER, tenant: '00'.repeat(16), threshold: -1 };
    cloud.deployments.mockResolvedValue([strangers, OFFER, { ...OFFER, tenant: '11'.repeat(16) }]);
    engine.isProved.mockImplementation(({ threshold }) => Promise.resolve(threshold === OFFER.threshold));
    await session.openKey(file, 'a passphrase');
    expect(session.getState()).toMatchObject({ key: { deployment: DEPLOYED.tenant }, error: null });
    cloud.deployments.mockResolvedValue([strangers]);
    await session.openKey(file, 'a passphrase');
    expect(session.getState()).toMatchObject({ key: null, error: 'key_unserved' });
    expect(engine.closeKey).toHaveBeenCalledOnce();
  });

  it.each(['passphrase_wrong', 'key_invalid', 'encoder_differs'] as const)('can be refused with %s', async (code) => {
    const engine = await ready();
    engine.openKey.mockImplementation(away(code));
    await session.openKey(file, 'a passphrase');
    expect(session.getState()).toMatchObject({ key: null, error: code });
    expect(cloud.deployments).not.toHaveBeenCalled();
  });

  it('whose deployment is gone sends nothing', async () => {
    await ready();
    await session.openKey(file, 'a passphrase');
    cloud.deployments.mockResolvedValue([{ ...OFFER, tenant: '00'.repeat(16) }]);
    await session.verify('Ada', PICTURE);
    expect(session.getState()).toMatchObject({ error: 'key_unserved' });
    expect(cloud.verify).not.toHaveBeenCalled();
  });
});

describe('starting', () => {
  it('tells its progress, then is ready without having asked the cloud', async () => {
    const [engine] = engines;
    expect(session.getState()).toEqual({ status: 'starting', progress: { stage: 'download', fraction: 0 } });
    engine!.progress({ stage: 'compile', fraction: 0.9 });
    expect(session.getState()).toEqual({ status: 'starting', progress: { stage: 'compile', fraction: 0.9 } });
    await ready();
    expect(session.getState()).toEqual({
      status: 'ready',
      started: STARTED,
      activity: 'idle',
      key: null,
      ownKey: null,
      outcome: null,
      error: null,
      wrong: null,
    });
    expect(cloud.service).not.toHaveBeenCalled();
    engine!.progress({ stage: 'compile', fraction: 1 });
    expect(session.getState().status).toBe('ready');
  });

  it.each(['model_missing', 'model_hash_wrong', 'model_invalid', 'no_backend'] as const)(
    'fails with %s',
    async (code) => {
      engines[0]!.starting.reject(new XnnError(code));
      await vi.waitFor(() => expect(session.getState()).toEqual({ status: 'failed', error: code }));
    },
  );

  it('starts again with another engine', async () => {
    engines[0]!.starting.reject(new XnnError('model_missing'));
    await vi.waitFor(() => expect(session.getState().status).toBe('failed'));
    session.restart();
    expect(engines[0]!.dispose).toHaveBeenCalled();
    expect(session.getState().status).toBe('starting');
    await ready();
    expect(engines).toHaveLength(2);
    session.restart();
    expect(engines).toHaveLength(2);
  });

  it('fails where no worker may be started, and can go on where it may', async () => {
    const reported = vi.fn();
    vi.stubGlobal('reportError', reported);
    let allowed = false;
    session = createSession({
      openEngine: () => {
        if (!allowed) throw new DOMException('', 'SecurityError');
        return engines[0]!;
      },
      cloud,
      storage,
    });
    await Promise.resolve();
    expect(session.getState()).toEqual({ status: 'failed', error: 'page_failed' });
    expect(reported).toHaveBeenCalledOnce();
    allowed = true;
    session.restart();
    await ready();
    vi.unstubAllGlobals();
  });

  it('passes the backend on', () => {
    createSession({ backend: 'webgl', openEngine: () => engines[0]!, cloud, storage });
    expect(engines[0]!.start).toHaveBeenLastCalledWith({ backend: 'webgl' }, expect.any(Function));
  });

  it('gives the same state until something changes', async () => {
    await ready();
    const state = session.getState();
    expect(session.getState()).toBe(state);
    session.reset();
    expect(session.getState()).not.toBe(state);
  });
});

describe('a liveness check', () => {
  it('has frames looked at by the engine alone, and its challenge from the cloud', async () => {
    const engine = await ready();
    const frame = { close: vi.fn() } as unknown as ImageBitmap;
    await session.study(frame, true);
    expect(engine.study).toHaveBeenCalledWith(frame, true);
    expect(cloud.challenge).not.toHaveBeenCalled();
    expect(await session.challenge()).toBe('1'.padStart(32, '0'));
  });

  it('is for the message that is verified', async () => {
    await ready();
    const challenge = await session.challenge();
    await session.verify('Ada', PICTURE, challenge);
    expect(cloud.challenge).toHaveBeenCalledTimes(1);
    expect(boundTo(cloud.verify.mock.lastCall![1]).challenge).toBe(challenge);
    await session.enrol('Ada', [PICTURE, PICTURE], '02'.repeat(16));
    expect(cloud.challenge).toHaveBeenCalledTimes(1);
    const [, both] = cloud.enrol.mock.lastCall!;
    for (const message of [both.subarray(0, HEADER_BYTES), both.subarray(HEADER_BYTES)]) {
      expect(boundTo(message).challenge).toBe('02'.repeat(16));
    }
  });

  it('closes a frame that comes too early', async () => {
    const frame = { close: vi.fn() };
    await expect(session.study(frame as unknown as ImageBitmap, true)).rejects.toMatchObject({ code: 'page_failed' });
    expect(frame.close).toHaveBeenCalled();
  });
});

describe('look', () => {
  it('asks the engine and nobody else', async () => {
    const engine = await ready();
    const frame = { close: vi.fn() } as unknown as ImageBitmap;
    expect(await session.look(frame)).toEqual({ hint: null, box: null });
    expect(engine.look).toHaveBeenCalledWith(frame);
    expect(seen).toEqual([]);
  });

  it('closes a frame that comes too early', async () => {
    const frame = { close: vi.fn() };
    await expect(session.look(frame as unknown as ImageBitmap)).rejects.toMatchObject({ code: 'page_failed' });
    expect(frame.close).toHaveBeenCalled();
  });
});

describe('enrol', () => {
  it('sends all captures of one challenge at once and keeps the receipt', async () => {
    const engine = await ready();
    await session.enrol('Ada', [PICTURE, PICTURE, PICTURE]);
    expect(activities()).toEqual(['encoding', 'idle']);
    const header = '00'.repeat(8) + STARTED.model + TENANT + '1'.padStart(32, '0');
    expect(cloud.enrol.mock.calls.map(([subject, body]) => [subject, toHex(body)])).toEqual([
      ['Ada', header.repeat(3)],
    ]);
    expect(cloud.challenge).toHaveBeenCalledTimes(1);
    expect(engine.capture).toHaveBeenCalledTimes(3);
    expect(session.getState()).toMatchObject({
      error: null,
      outcome: {
        kind: 'enrolled',
        subject: 'Ada',
        receipt: { bytesSent: 3 * HEADER_BYTES, cloudMs: expect.any(Number) as number },
      },
    });
    expect(session.enrolledHere()).toEqual(['Ada']);
  });

  it('says that it sends where the cloud takes its time', async () => {
    await ready();
    const { enrol } = cloud;
    const answer = enrol.getMockImplementation()!;
    enrol.mockImplementationOnce(async (...asked) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return answer(...asked);
    });
    await session.enrol('Ada', [PICTURE]);
    expect(activities()).toEqual(['encoding', 'sending', 'idle']);
  });

  it('says so, too, where the cloud takes its time with the challenge', async () => {
    await ready();
    const answer = cloud.challenge.getMockImplementation()!;
    cloud.challenge.mockImplementationOnce(async () => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return answer();
    });
    await session.enrol('Ada', [PICTURE]);
    expect(activities()).toEqual(['encoding', 'sending', 'idle']);
  });

  it.each([
    ['no_face', 3, 1],
    ['no_face', 1, null],
    ['model_missing', 3, null],
  ] as const)('tells which picture has %s of %i', async (code, count, wrong) => {
    const engine = await ready();
    const capture = engine.capture.getMockImplementation()!;
    let taken = 0;
    engine.capture.mockImplementation((...asked) =>
      ++taken === Math.min(2, count) ? Promise.reject(new XnnError(code)) : capture(...asked),
    );
    await session.enrol('Ada', Array<Picture>(count).fill(PICTURE));
    expect(session.getState()).toMatchObject({ error: code, wrong });
    session.reset();
    expect(session.getState()).toMatchObject({ error: null, wrong: null });
  });

  it.each([
    ['subject_invalid', '', [PICTURE]],
    ['subject_invalid', 'Ada  Lovelace', [PICTURE]],
    ['no_face', 'Ada', []],
    ['too_many_images', 'Ada', Array.from({ length: 6 }, () => PICTURE)],
  ] as const)('answers %s without asking anybody', async (code, subject, pictures) => {
    await ready();
    await session.enrol(subject, pictures);
    expect(session.getState()).toMatchObject({ activity: 'idle', outcome: null, error: code });
    expect(cloud.service).not.toHaveBeenCalled();
  });

  it('keeps no receipt of a refusal', async () => {
    await ready();
    cloud.enrol.mockImplementation(away('subject_exists'));
    await session.enrol('Ada', [PICTURE]);
    expect(session.getState()).toMatchObject({ error: 'subject_exists', outcome: null });
    expect(session.enrolledHere()).toEqual([]);
  });

  it('knows a name by its composed letters, as the cloud does', async () => {
    // Typed on a phone, whose keyboard puts a blank after a word.
    const [composed, decomposed] = ['Zo\u00eb', 'Zoe\u0308 '];
    await ready();
    await session.enrol(decomposed, [PICTURE]);
    expect(cloud.enrol).toHaveBeenCalledWith(composed, expect.anything());
    expect(session.getState()).toMatchObject({ outcome: { kind: 'enrolled', subject: composed } });
    expect(session.enrolledHere()).toEqual([composed]);
    await session.verify(decomposed, PICTURE);
    expect(cloud.verify).toHaveBeenCalledWith(composed, expect.anything());
    await session.forget(decomposed);
    expect(cloud.remove).toHaveBeenCalledExactlyOnceWith(composed, RECEIPT, undefined);
    expect(session.getState()).toMatchObject({ outcome: { kind: 'forgotten', subject: composed } });
    expect(session.enrolledHere()).toEqual([]);
  });

  it('works where nothing can be stored', async () => {
    storage.setItem = () => {
      throw new DOMException('', 'QuotaExceededError');
    };
    await ready();
    await session.enrol('Ada', [PICTURE]);
    expect(session.getState()).toMatchObject({ outcome: { kind: 'enrolled' } });
  });
});

describe('verify and identify', () => {
  it.each([
    ['match', true],
    ['no_match', false],
  ] as const)('takes %s as %s', async (verdict, match) => {
    await ready();
    cloud.verify.mockResolvedValue({ verdict });
    await session.verify('Ada', PICTURE);
    expect(session.getState()).toMatchObject({ outcome: { kind: 'verified', subject: 'Ada', match } });
  });

  it('names the subject, or nobody', async () => {
    await ready();
    await session.identify(PICTURE);
    expect(session.getState()).toMatchObject({ outcome: { kind: 'identified', subject: 'Ada' } });
    cloud.identify.mockResolvedValue({ verdict: 'no_match' });
    await session.identify(PICTURE);
    expect(session.getState()).toMatchObject({ outcome: { kind: 'identified', subject: null } });
  });

  it('takes a fresh challenge every time', async () => {
    await ready();
    await session.identify(PICTURE);
    await session.identify(PICTURE);
    const [first, second] = cloud.identify.mock.calls.map(([body]) => toHex(body));
    expect(first).not.toBe(second);
  });

  it('works on the picture while the challenge is on its way', async () => {
    const engine = await ready();
    const challenge = pending<Awaited<ReturnType<Cloud['challenge']>>>();
    cloud.challenge.mockReturnValue(challenge.promise);
    const verified = session.verify('Ada', PICTURE);
    await vi.waitFor(() => expect(engine.capture).toHaveBeenCalled());
    expect(cloud.verify).not.toHaveBeenCalled();
    challenge.resolve({ challenge: 'ab'.repeat(16), expiresIn: 180_000 });
    await verified;
    expect(boundTo(cloud.verify.mock.lastCall![1]).challenge).toBe('ab'.repeat(16));
  });

  it('asks what is served once, and again after anything went wrong', async () => {
    await ready();
    for (let i = 0; i < 2; i++) await session.verify('Ada', PICTURE);
    expect(cloud.service).toHaveBeenCalledTimes(1);
    cloud.verify.mockImplementationOnce(away('model_unsupported'));
    for (let i = 0; i < 2; i++) await session.verify('Ada', PICTURE);
    expect(cloud.service).toHaveBeenCalledTimes(2);
  });

  it('sends nothing to a cloud with another model', async () => {
    await ready();
    cloud.service.mockResolvedValue({ ...SERVICE, model: 'f'.repeat(16) });
    await session.verify('Ada', PICTURE);
    expect(session.getState()).toMatchObject({ error: 'model_unsupported' });
    expect(cloud.verify).not.toHaveBeenCalled();
  });

  it.each(['service', 'challenge', 'verify'] as const)(
    'says so when the cloud is away at %s, and can go on',
    async (step) => {
      await ready();
      cloud[step].mockImplementationOnce(away('server_away'));
      await session.verify('Ada', PICTURE);
      expect(session.getState()).toMatchObject({
        status: 'ready',
        activity: 'idle',
        outcome: null,
        error: 'server_away',
      });
      await session.verify('Ada', PICTURE);
      expect(session.getState()).toMatchObject({ error: null, outcome: { match: true } });
    },
  );

  it.each(['no_face', 'several_faces', 'face_too_small', 'too_dark', 'image_corrupt'] as const)(
    'sends nothing of a picture with %s',
    async (code) => {
      const engine = await ready();
      engine.capture.mockRejectedValue(new XnnError(code));
      await session.identify(PICTURE);
      expect(session.getState()).toMatchObject({ error: code, outcome: null });
      expect(cloud.identify).not.toHaveBeenCalled();
    },
  );

  it('has a code for what it does not expect', async () => {
    const reported = vi.fn();
    vi.stubGlobal('reportError', reported);
    const engine = await ready();
    engine.capture.mockRejectedValue(new RangeError('?'));
    await session.identify(PICTURE);
    expect(session.getState()).toMatchObject({ error: 'page_failed' });
    expect(reported).toHaveBeenCalledOnce();
    vi.unstubAllGlobals();
  });

  it('closes frames that were not used', async () => {
    await ready();
    cloud.service.mockImplementation(away('server_away'));
    const frame = { close: vi.fn() };
    await session.identify(frame as unknown as ImageBitmap);
    expect(frame.close).toHaveBeenCalled();
  });
});

describe('rehearse', () => {
  it('makes a message for nobody under what hides faces now, and asks the cloud nothing', async () => {
    const engine = await ready();
    const { message } = await session.rehearse(PICTURE);
    expect(boundTo(message)).toEqual({ model: STARTED.model, ...NOBODYS });
    expect(engine.capture.mock.lastCall?.[1]).toBe('noise');
    await session.makeOwnKey();
    expect(boundTo((await session.rehearse(PICTURE)).message)).toEqual({ model: STARTED.keyedModel, ...NOBODYS });
    for (const ask of Object.values(cloud)) expect(ask).not.toHaveBeenCalled();
  });

  it('refuses as a capture does, and leaves what is shown alone', async () => {
    const engine = await ready();
    engine.capture.mockRejectedValueOnce(new XnnError('no_face'));
    await expect(session.rehearse(PICTURE)).rejects.toMatchObject({ code: 'no_face' });
    expect(session.getState()).toMatchObject({ outcome: null, error: null });
  });
});

describe('one action at a time', () => {
  it('waits for the one that goes on', async () => {
    await ready();
    const answer = pending<{ verdict: 'match' }>();
    cloud.verify.mockReturnValue(answer.promise);
    const first = session.verify('Ada', PICTURE);
    const second = session.identify(PICTURE);
    answer.resolve({ verdict: 'match' });
    await Promise.all([first, second]);
    expect(cloud.identify).not.toHaveBeenCalled();
    expect(session.getState()).toMatchObject({ outcome: { kind: 'verified' } });
  });

  it('closes the frames of one that is not done', async () => {
    const [early, late] = [{ close: vi.fn() }, { close: vi.fn() }];
    await session.verify('Ada', early as unknown as ImageBitmap);
    expect(early.close).toHaveBeenCalledOnce();
    await ready();
    const first = session.verify('Ada', PICTURE);
    const second = session.enrol('Bob', [late as unknown as ImageBitmap]);
    expect(late.close).toHaveBeenCalledOnce();
    await Promise.all([first, second]);
    expect(cloud.enrol).not.toHaveBeenCalled();
  });

  it('does nothing before it is ready', async () => {
    await session.identify(PICTURE);
    expect(session.getState().status).toBe('starting');
    expect(cloud.service).not.toHaveBeenCalled();
  });

  it('clears the last answer when the next action begins, and on reset', async () => {
    await ready();
    await session.identify(PICTURE);
    seen.length = 0;
    await session.identify(PICTURE);
    expect(seen[0]).toMatchObject({ activity: 'encoding', outcome: null });
    session.reset();
    expect(session.getState()).toMatchObject({ outcome: null, error: null });
  });
});

describe('forget', () => {
  it('shows the receipt it kept, and no face', async () => {
    const engine = await ready();
    await session.enrol('Ada', [PICTURE]);
    engine.capture.mockClear();
    await session.forget('Ada', PICTURE);
    expect(cloud.remove).toHaveBeenCalledExactlyOnceWith('Ada', RECEIPT, undefined);
    expect(engine.capture).not.toHaveBeenCalled();
    expect(session.getState()).toMatchObject({ outcome: { kind: 'forgotten', subject: 'Ada' } });
    expect(session.enrolledHere()).toEqual([]);
  });

  it('shows the face without a receipt', async () => {
    await ready();
    await session.forget('Ada', PICTURE);
    expect(cloud.remove).toHaveBeenCalledExactlyOnceWith('Ada', expect.any(Uint8Array));
    expect(session.getState()).toMatchObject({ outcome: { kind: 'forgotten' } });
  });

  it('shows the face when the receipt is refused', async () => {
    await ready();
    await session.enrol('Ada', [PICTURE]);
    cloud.remove.mockImplementationOnce(away('removal_refused'));
    await session.forget('Ada', PICTURE);
    expect(cloud.remove).toHaveBeenCalledTimes(2);
    expect(session.enrolledHere()).toEqual([]);
  });

  it('drops a receipt that the cloud refuses, and says so', async () => {
    await ready();
    await session.enrol('Ada', [PICTURE]);
    cloud.remove.mockImplementationOnce(away('removal_refused'));
    await session.forget('Ada');
    expect(session.getState()).toMatchObject({ error: 'receipt_refused' });
    expect(session.enrolledHere()).toEqual([]);
  });

  it('keeps the receipt when nothing was removed', async () => {
    await ready();
    await session.enrol('Ada', [PICTURE]);
    cloud.remove.mockImplementation(away('server_away'));
    await session.forget('Ada', PICTURE);
    expect(session.getState()).toMatchObject({ error: 'server_away' });
    expect(session.enrolledHere()).toEqual(['Ada']);
  });

  it('needs one of the two', async () => {
    await ready();
    await session.forget('Ada');
    expect(session.getState()).toMatchObject({ error: 'removal_refused' });
    expect(cloud.remove).not.toHaveBeenCalled();
  });

  it.each(['__proto__', 'constructor', 'toString'])('keeps the receipt of %s like any other', async (name) => {
    await ready();
    await session.forget(name);
    expect(session.getState()).toMatchObject({ error: 'removal_refused' });
    await session.enrol(name, [PICTURE]);
    expect(session.enrolledHere()).toEqual([name]);
    await session.forget(name);
    expect(cloud.remove).toHaveBeenCalledExactlyOnceWith(name, RECEIPT, undefined);
  });

  it('remembers in the next visit, and survives a broken memory', async () => {
    await ready();
    await session.enrol('Ada', [PICTURE]);
    open();
    expect(session.enrolledHere()).toEqual(['Ada']);
    storage.setItem('receipts', '{broken');
    expect(session.enrolledHere()).toEqual([]);
    storage.setItem('receipts', '{"Ada":1,"Eve":"x"}');
    expect(session.enrolledHere()).toEqual(['Eve']);
  });
});

describe('dispose', () => {
  it('ends the engine and ignores what comes late', async () => {
    const [engine] = engines;
    session.dispose();
    expect(engine!.dispose).toHaveBeenCalled();
    engine!.starting.resolve(STARTED);
    await Promise.resolve();
    expect(session.getState().status).toBe('starting');
    expect(seen).toEqual([]);
  });

  it('tells nobody of an action that was under way', async () => {
    await ready();
    const answer = pending<{ verdict: 'match' }>();
    cloud.verify.mockReturnValue(answer.promise);
    const action = session.verify('Ada', PICTURE);
    await vi.waitFor(() => expect(cloud.verify).toHaveBeenCalled());
    seen.length = 0;
    session.dispose();
    answer.resolve({ verdict: 'match' });
    await action;
    expect(seen).toEqual([]);
  });

  it('leaves the outcome of what was sent to who waits for it', async () => {
    await ready();
    const answer = pending<Awaited<ReturnType<Cloud['enrol']>>>();
    cloud.enrol.mockReturnValue(answer.promise);
    const action = session.enrol('Ada', [PICTURE]);
    await vi.waitFor(() => expect(cloud.enrol).toHaveBeenCalled());
    session.dispose();
    answer.resolve({ subject: 'Ada', receipt: RECEIPT });
    await action;
    expect(session.getState()).toMatchObject({ outcome: { kind: 'enrolled', removal: RECEIPT } });
  });

  it('stops telling a listener that left', async () => {
    const listener = vi.fn();
    session.subscribe(listener)();
    await ready();
    expect(listener).not.toHaveBeenCalled();
  });
});
