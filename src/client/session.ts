import { isErrorCode, XnnError, type ErrorCode } from '../core/errors.js';
import { CHALLENGE_BYTES, MAX_CAPTURES, MODEL_VERSION_BYTES, TENANT_BYTES } from '../core/spec.js';
import type { ServiceReply } from '../wire/api.js';
import { fromHex } from '../wire/hex.js';
import { bind, type MessageHeader } from '../wire/message.js';
import { joined } from './bytes.js';
import { connectCloud, type Cloud, type Served } from './cloud.js';
import { openEngine, type Engine, type Protection, type StartOptions } from './engine.js';
import { nameOf, PictureError } from './messages.js';
import { keyOf, makeOwnKey, openKeyStore, ownKeyOf, restoreOwnKey, type KeyStore, type OwnKey } from './own-key.js';
import type {
  Backend,
  Capture,
  KeyCarrier,
  Offer,
  OpenKey,
  Outcome,
  Picture,
  Receipt,
  Session,
  SessionState,
  Started,
} from './types.js';

export interface SessionOptions {
  /** What the first start waits for; without it, nothing. */
  readonly after?: Promise<void> | undefined;
  /** Tries this backend alone. */
  readonly backend?: Backend | undefined;
  /** Where models come from, as in `StartOptions`. */
  readonly base?: string | undefined;
  readonly openEngine?: () => Engine;
  readonly cloud?: Cloud;
  /** Where receipts are kept; null keeps none. */
  readonly storage?: Pick<Storage, 'getItem' | 'setItem'> | null;
  readonly keys?: KeyStore;
  /** From where an own key's secret comes that a passkey carries (`passkey.ts`); a page that leaves it out has keys of words only. */
  readonly secretOfPasskey?: SecretOfPasskey;
}

/** 32 secret bytes of a new passkey, or of one that the person chooses. */
export type SecretOfPasskey = (which: 'new' | 'chosen') => Promise<Uint8Array<ArrayBuffer>>;

/** Of messages that are not for sending. */
const NOBODYS = { tenant: '00'.repeat(TENANT_BYTES), challenge: '00'.repeat(CHALLENGE_BYTES) };

type Ready = Extract<SessionState, { status: 'ready' }>;

/** An answer that comes within this time, in ms, is not announced: each change of state is drawn, which takes the cores from what it waits for. */
const SOON = 100;
/** What can be wrong with one picture, whatever the others show. */
const OF_ONE: readonly ErrorCode[] = [
  'no_face',
  'several_faces',
  'face_too_small',
  'face_too_large',
  'face_turned',
  'too_dark',
  'too_bright',
  'blurred',
  'image_corrupt',
  'image_too_large',
];
const RECEIPTS = 'receipts';
/** The own key's name in the store. */
const OWN_KEY = 'own';

/** Starts the engine at once, if it is not told to wait; the cloud is asked first when there is something to do, so a session is ready without it. */
export function createSession(options: SessionOptions = {}): Session {
  return new EngineSession(options);
}

class EngineSession implements Session {
  readonly #options: StartOptions;
  readonly #openEngine: () => Engine;
  readonly #cloud: Cloud;
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'> | null;
  readonly #keys: KeyStore;
  readonly #secretOfPasskey: SecretOfPasskey | undefined;
  #own: OwnKey | null = null;
  readonly #listeners = new Set<() => void>();
  #state: SessionState = { status: 'starting', progress: { stage: 'download', fraction: 0 } };
  #ended = false;
  /** Null before the first start and after the end. What comes from another engine than this one is late and ignored. */
  #engine: Engine | null = null;
  #action: Promise<void> | null = null;
  readonly #unwatch: () => void;
  /** What the cloud serves, once it was asked; asked again after anything went wrong. */
  #service: Promise<ServiceReply> | null = null;

  constructor({
    after,
    backend,
    base,
    openEngine: open = openEngine,
    cloud = connectCloud(),
    storage = ownStorage(),
    keys = openKeyStore(),
    secretOfPasskey,
  }: SessionOptions) {
    this.#options = { backend, base };
    this.#openEngine = open;
    this.#cloud = cloud;
    this.#storage = storage;
    this.#keys = keys;
    this.#secretOfPasskey = secretOfPasskey;
    this.#unwatch = keys.watch(OWN_KEY, (isKept) => void this.#followOwnKey(isKept));
    if (after === undefined) void this.#start();
    else void after.then(() => (this.#ended ? undefined : this.#start()));
  }

  getState(): SessionState {
    return this.#state;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async look(frame: ImageBitmap) {
    if (this.#engine !== null && this.#state.status === 'ready') return this.#engine.look(frame);
    frame.close();
    throw new XnnError('page_failed', 'the session is not ready');
  }

  async study(frame: ImageBitmap, anew: boolean) {
    if (this.#engine !== null && this.#state.status === 'ready') return this.#engine.study(frame, anew);
    frame.close();
    throw new XnnError('page_failed', 'the session is not ready');
  }

  async challenge(): Promise<string> {
    return (await this.#cloud.challenge()).challenge;
  }

  enrol(subject: string, pictures: readonly Picture[], challenge?: string): Promise<void> {
    return this.#act(pictures, async (engine, started) => {
      const name = nameOf(subject);
      if (pictures.length === 0) throw new XnnError('no_face', 'no picture');
      if (pictures.length > MAX_CAPTURES) throw new XnnError('too_many_images');
      const captures = await this.#captures(engine, started, pictures, this.#own, challenge);
      const { reply, receipt } = await this.#send(captures, (messages) => this.#cloud.enrol(name, messages));
      this.#keepReceipt(name, reply.receipt);
      return { kind: 'enrolled', subject: name, removal: reply.receipt, receipt };
    });
  }

  verify(subject: string, picture: Picture, challenge?: string): Promise<void> {
    return this.#act([picture], async (engine, started) => {
      const name = nameOf(subject);
      const captures = await this.#captures(engine, started, [picture], this.#own, challenge);
      const { reply, receipt } = await this.#send(captures, (message) => this.#cloud.verify(name, message));
      return { kind: 'verified', subject: name, match: reply.verdict === 'match', receipt };
    });
  }

  identify(picture: Picture): Promise<void> {
    return this.#act([picture], async (engine, started) => {
      // Who has a key of his own cannot be searched for under it.
      const captures = await this.#captures(engine, started, [picture], null);
      const { reply, receipt } = await this.#send(captures, (message) => this.#cloud.identify(message));
      return { kind: 'identified', subject: reply.verdict === 'match' ? reply.subject : null, receipt };
    });
  }

  forget(subject: string, picture?: Picture): Promise<void> {
    return this.#act(picture ? [picture] : [], async (engine, started) => {
      const name = nameOf(subject);
      await this.#remove(engine, started, name, picture);
      this.#keepReceipt(name, null);
      return { kind: 'forgotten', subject: name };
    });
  }

  openKey(file: Blob, passphrase: string): Promise<void> {
    return this.#act([], async (engine) => {
      this.#continue({ activity: 'opening', key: null });
      const info = await engine.openKey(file, passphrase);
      try {
        const latest = await this.#proved(engine, info.fingerprint);
        const key: OpenKey = { ...info, deployment: latest.tenant, model: latest.model };
        this.#continue({ key });
        return { kind: 'key opened', key };
      } catch (error) {
        await engine.closeKey();
        throw error;
      }
    });
  }

  closeKey(): Promise<void> {
    return this.#act([], async (engine) => {
      await engine.closeKey();
      this.#continue({ key: null });
      return { kind: 'key closed' };
    });
  }

  makeOwnKey(by: KeyCarrier = 'words'): Promise<void> {
    return this.#act([], async (engine) => {
      const secret = by === 'passkey' ? await this.#passkeyKey('new') : undefined;
      const { own, words } = await makeOwnKey(secret);
      await this.#useOwnKey(engine, own);
      return { kind: 'own key made', words };
    });
  }

  restoreOwnKey(words: string): Promise<void> {
    return this.#restored(() => restoreOwnKey(words));
  }

  recallOwnKey(): Promise<void> {
    return this.#restored(async () => ownKeyOf(await this.#passkeyKey('chosen')));
  }

  /** @throws passkeys_missing in a page that has none */
  async #passkeyKey(which: 'new' | 'chosen'): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#secretOfPasskey === undefined) throw new XnnError('passkeys_missing');
    return keyOf(await this.#secretOfPasskey(which));
  }

  #restored(restore: () => Promise<OwnKey>): Promise<void> {
    return this.#act([], async (engine) => {
      await this.#useOwnKey(engine, await restore());
      return { kind: 'own key restored' };
    });
  }

  removeOwnKey(): Promise<void> {
    return this.#act([], async () => {
      await this.#keys.forget(OWN_KEY);
      this.#own = null;
      this.#continue({ ownKey: null });
      return { kind: 'own key removed' };
    });
  }

  async #useOwnKey(engine: Engine, own: OwnKey): Promise<void> {
    await engine.prepareKeyed();
    await this.#keys.keep(OWN_KEY, own);
    this.#own = own;
    this.#continue({ ownKey: own.fingerprint });
  }

  /** Another page has another key, or none any more: so has this one, from its next action on. */
  async #followOwnKey(isKept: boolean): Promise<void> {
    const own = isKept ? await this.#keys.load(OWN_KEY) : null;
    await this.#action;
    // Before it is ready it has not read any yet. A key that cannot be read is no reason to go on without one.
    if (this.#state.status !== 'ready' || (isKept && own === null)) return;
    this.#own = own;
    this.#continue({ ownKey: own?.fingerprint ?? null });
  }

  async ensureOwnKey(): Promise<readonly string[] | null> {
    const { engine } = this.#running();
    if (this.#own !== null) return null;
    // One that was made in another tab meanwhile is his own as well.
    const made = await this.#keys.load(OWN_KEY);
    if (made !== null) {
      await this.#useOwnKey(engine, made);
      return null;
    }
    const { own, words } = await makeOwnKey();
    await this.#useOwnKey(engine, own);
    return words;
  }

  async messages(pictures: readonly Picture[], offer: Offer): Promise<Uint8Array<ArrayBuffer>> {
    const { engine, started } = this.#running();
    if (this.#own === null) throw new XnnError('own_key_missing');
    checkModel(started.keyedModel, offer.model);
    const protection = { key: this.#own.key, tenant: fromHex(offer.tenant, TENANT_BYTES) };
    return joined(bound(await taken(engine, pictures, protection), offer).map(({ message }) => message));
  }

  async rehearse(picture: Picture): Promise<Capture> {
    const { engine, started } = this.#running();
    const key = this.#key();
    const model = key?.model ?? (this.#own === null ? started.model : started.keyedModel);
    const captures = await taken(engine, [picture], this.#protection(this.#own, NOBODYS.tenant));
    return bound(captures, { model, ...NOBODYS })[0]!;
  }

  /** @throws page_failed before it is ready */
  #running(): { engine: Engine; started: Started } {
    const [state, engine] = [this.#state, this.#engine];
    if (state.status !== 'ready' || engine === null) throw new XnnError('page_failed', 'the session is not ready');
    return { engine, started: state.started };
  }

  enrolledHere(): readonly string[] {
    return [...this.#receipts().keys()];
  }

  reset(): void {
    if (this.#state.status === 'ready') this.#become({ ...this.#state, outcome: null, error: null, wrong: null });
  }

  restart(): void {
    if (this.#state.status === 'failed') void this.#start();
  }

  dispose(): void {
    this.#ended = true;
    this.#listeners.clear();
    this.#unwatch();
    this.#engine?.dispose();
    this.#engine = null;
  }

  async #start(): Promise<void> {
    this.#engine?.dispose();
    this.#engine = null;
    let engine: Engine;
    try {
      engine = this.#openEngine();
    } catch (error) {
      // A page's policy may forbid workers.
      return this.#become({ status: 'failed', error: codeOf(error) });
    }
    this.#engine = engine;
    this.#become({ status: 'starting', progress: { stage: 'download', fraction: 0 } });
    const next = await engine
      .start(this.#options, (progress) => {
        if (this.#engine === engine && this.#state.status === 'starting')
          this.#become({ status: 'starting', progress });
      })
      .then(
        async (started): Promise<SessionState> => {
          this.#own = await this.#keys.load(OWN_KEY);
          const ownKey = this.#own?.fingerprint ?? null;
          return {
            status: 'ready',
            started,
            activity: 'idle',
            key: null,
            ownKey,
            outcome: null,
            error: null,
            wrong: null,
          };
        },
        (error: unknown): SessionState => ({ status: 'failed', error: codeOf(error) }),
      );
    if (this.#engine !== engine) return;
    this.#become(next);
    // So that the first capture need not wait for it; if it fails now, the capture says so.
    if (next.status === 'ready' && this.#own !== null) engine.prepareKeyed().catch(() => {});
  }

  /** Runs one action and puts its outcome or error into the state. While another is going on, waits for that one instead. */
  #act(pictures: readonly Picture[], perform: (engine: Engine, started: Started) => Promise<Outcome>): Promise<void> {
    const [state, engine] = [this.#state, this.#engine];
    if (this.#action !== null || state.status !== 'ready' || engine === null) {
      close(pictures);
      return this.#action ?? Promise.resolve();
    }
    this.#become({ ...state, activity: 'encoding', outcome: null, error: null, wrong: null });
    this.#action = perform(engine, state.started)
      .then(
        (outcome) => ({ outcome, error: null, wrong: null }),
        (error: unknown) => ({ outcome: null, error: codeOf(error), wrong: wrongOf(error) }),
      )
      .then((result) => {
        close(pictures);
        if (result.error !== null) this.#service = null;
        this.#action = null;
        this.#continue({ activity: 'idle', ...result });
      });
    return this.#action;
  }

  /**
   * The pictures as messages of one challenge, a fresh one if none is given. Pictures are worked on while the challenge is on its way.
   */
  async #captures(
    engine: Engine,
    started: Started,
    pictures: readonly Picture[],
    own = this.#own,
    given?: string,
  ): Promise<readonly Capture[]> {
    const served = this.#served(started, own);
    const offer = Promise.all([served, given ?? this.challenge()]).then(([one, challenge]) => ({ ...one, challenge }));
    // What goes wrong with it is told below, after the pictures.
    offer.catch(() => {});
    const tenant = own === null ? NOBODYS.tenant : (await served).tenant;
    const captures = await taken(engine, pictures, this.#protection(own, tenant));
    return bound(captures, await this.#patiently(offer));
  }

  /** What hides faces now. */
  #protection(own: OwnKey | null, tenant: string): Protection {
    if (this.#key() !== null) return 'network key';
    return own === null ? 'noise' : { key: own.key, tenant: fromHex(tenant, TENANT_BYTES) };
  }

  /** For whom, and for which networks. @throws key_unserved, model_unsupported */
  async #served(started: Started, own: OwnKey | null): Promise<Served> {
    const key = this.#key();
    if (key !== null) return this.#deployed(key);
    const { model, keyedModel, tenant } = await (this.#service ??= this.#cloud.service());
    if (own === null) {
      checkModel(started.model, model);
      return { model, tenant };
    }
    checkModel(started.keyedModel, keyedModel);
    return { model: keyedModel, tenant };
  }

  /** The latest deployment of somebody who has the key that is open. @throws key_unserved */
  async #proved(engine: Engine, fingerprint: string): Promise<Served> {
    for (const offer of await this.#cloud.deployments(fingerprint)) if (await engine.isProved(offer)) return offer;
    throw new XnnError('key_unserved');
  }

  /** A deployment that is still there. @throws key_unserved */
  async #deployed({ fingerprint, deployment }: OpenKey): Promise<Served> {
    const served = (await this.#cloud.deployments(fingerprint)).find(({ tenant }) => tenant === deployment);
    if (served === undefined) throw new XnnError('key_unserved');
    return served;
  }

  #key(): OpenKey | null {
    return this.#state.status === 'ready' ? this.#state.key : null;
  }

  async #send<Reply>(
    captures: readonly Capture[],
    send: (messages: Uint8Array<ArrayBuffer>) => Promise<Reply>,
  ): Promise<{ reply: Reply; receipt: Receipt }> {
    const body = joined(captures.map(({ message }) => message));
    const begun = performance.now();
    const reply = await this.#patiently(send(body));
    return { reply, receipt: { captures, bytesSent: body.length, cloudMs: performance.now() - begun } };
  }

  /** Says that the cloud is waited for, where that takes long. */
  #patiently<Reply>(reply: Promise<Reply>): Promise<Reply> {
    const slow = setTimeout(() => this.#continue({ activity: 'sending' }), SOON);
    return reply.finally(() => clearTimeout(slow));
  }

  /** By the receipt that was kept; if there is none, or the cloud refuses it, by the face. A receipt that was refused opens nothing and is dropped. */
  async #remove(engine: Engine, started: Started, subject: string, picture: Picture | undefined): Promise<void> {
    const receipt = this.#receipts().get(subject);
    if (receipt !== undefined) {
      this.#continue({ activity: 'sending' });
      try {
        await this.#cloud.remove(subject, receipt, this.#key()?.deployment);
        return;
      } catch (error) {
        if (codeOf(error) !== 'removal_refused') throw error;
        this.#keepReceipt(subject, null);
        if (picture === undefined) throw new XnnError('receipt_refused', undefined, { cause: error });
      }
    }
    if (picture === undefined) throw new XnnError('removal_refused', 'neither receipt nor picture');
    this.#continue({ activity: 'encoding' });
    const captures = await this.#captures(engine, started, [picture]);
    await this.#send(captures, (message) => this.#cloud.remove(subject, message));
  }

  /** After the end, too: who waits for an action still finds its outcome, though nobody is told. */
  #continue(change: Partial<Pick<Ready, 'activity' | 'key' | 'ownKey' | 'outcome' | 'error' | 'wrong'>>): void {
    if (this.#state.status === 'ready') this.#become({ ...this.#state, ...change });
  }

  #become(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  /** Each gallery has names of its own. */
  #receiptsName(): string {
    const key = this.#key();
    return key === null ? RECEIPTS : `${RECEIPTS} ${key.deployment}`;
  }

  #receipts(): Map<string, string> {
    try {
      const kept: unknown = JSON.parse(this.#storage?.getItem(this.#receiptsName()) ?? '{}');
      const entries = Object.entries(typeof kept === 'object' && kept !== null ? kept : {});
      return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
    } catch {
      return new Map();
    }
  }

  #keepReceipt(subject: string, receipt: string | null): void {
    const receipts = this.#receipts();
    if (receipt === null) receipts.delete(subject);
    else receipts.set(subject, receipt);
    try {
      this.#storage?.setItem(this.#receiptsName(), JSON.stringify(Object.fromEntries(receipts)));
    } catch {
      // A full storage keeps no receipt; the subject can still be forgotten by face.
    }
  }
}

function checkModel(ours: string, served: string): void {
  if (ours !== served) throw new XnnError('model_unsupported', `${ours} here, ${served} there`);
}

function close(pictures: readonly Picture[]): void {
  for (const picture of pictures) if ('close' in picture) picture.close();
}

async function taken(
  engine: Engine,
  pictures: readonly Picture[],
  protection: Protection,
): Promise<readonly Capture[]> {
  const captures: Capture[] = [];
  for (const [i, picture] of pictures.entries()) {
    const capture = await engine.capture(picture, protection).catch((error: unknown) => {
      if (pictures.length < 2 || !(error instanceof XnnError) || !OF_ONE.includes(error.code)) throw error;
      throw new PictureError(error.code, i, { cause: error });
    });
    captures.push(capture);
  }
  return captures;
}

/** Binds their messages to one challenge. */
function bound(captures: readonly Capture[], offer: Offer): readonly Capture[] {
  const header: MessageHeader = {
    model: fromHex(offer.model, MODEL_VERSION_BYTES),
    tenant: fromHex(offer.tenant, TENANT_BYTES),
    challenge: fromHex(offer.challenge, CHALLENGE_BYTES),
  };
  for (const { message } of captures) bind(message, header);
  return captures;
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof XnnError && isErrorCode(error.code)) return error.code;
  reportError(error);
  return 'page_failed';
}

/** Which of several pictures an error is of; null for none or all. */
function wrongOf(error: unknown): number | null {
  return error instanceof PictureError ? error.picture : null;
}

/** The page's own storage; null where the browser forbids it. */
function ownStorage(): Storage | null {
  try {
    return globalThis.localStorage;
  } catch {
    return null;
  }
}
