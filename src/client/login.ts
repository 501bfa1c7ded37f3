import { CHALLENGE_BYTES, TENANT_BYTES } from '../core/spec.js';
import { fromHex } from '../wire/hex.js';
import { bindingOf, LOGIN_ROUTES, type AccountReply, type ClientReply, type LoginChallenge } from '../wire/login.js';
import { askFor, type Reader } from './cloud.js';
import type { Fetch } from './download.js';
import { nameOf, XnnError } from './messages.js';
import { askPasskey, base64url, makePasskey } from './passkey.js';
import type { Picture, Session } from './types.js';

type OnWords = (words: readonly string[]) => void;

/** The login as the page sees it. Every method rejects with XnnError only. */
export interface Login {
  /**
   * Under the own key of this browser, which is made if there is none.
   *
   * @param onWords is given the words of such a key, this once and whatever fails after it
   * @param offer the challenge that the pictures' liveness was checked for; a fresh one without
   * @returns recovery codes, shown this once
   */
  register(
    name: string,
    pictures: readonly Picture[],
    onWords: OnWords,
    offer?: LoginChallenge,
  ): Promise<readonly string[]>;
  /** What a liveness check and what is sent after it are bound to. */
  challenge(): Promise<LoginChallenge>;
  /**
   * Rejects with own_key_missing if this browser has no own key.
   *
   * @param offer the challenge that the picture's liveness was checked for; a fresh one without
   */
  logIn(picture: Picture, offer?: LoginChallenge): Promise<void>;
  /** Rejects with code_refused if it is none, or used. */
  recover(code: string): Promise<void>;
  logOut(): Promise<void>;
  /** Null if nobody is logged in. */
  account(): Promise<AccountReply | null>;
  removeAccount(): Promise<void>;
  /** Under the own key of this browser. @param onWords and offer as in `register` */
  renewTemplate(pictures: readonly Picture[], onWords: OnWords, offer?: LoginChallenge): Promise<void>;
  removeTemplate(): Promise<void>;
  renewCodes(): Promise<readonly string[]>;
  addDevice(name: string): Promise<void>;
  removeDevice(id: string): Promise<void>;
  /** Logs out elsewhere. */
  removeSession(id: string): Promise<void>;
  /** Which site sent somebody here to log in. */
  client(interaction: string): Promise<ClientReply>;
  /** Goes back there with this login. @returns the address to go to */
  accept(interaction: string): Promise<string>;
  /** Goes back there without one. @returns the address to go to */
  decline(interaction: string): Promise<string>;
}

export function connectLogin(
  session: Session,
  origin: string = globalThis.location.origin,
  fetch: Fetch = (...request) => globalThis.fetch(...request),
): Login {
  const rpId = new URL(origin).hostname;
  const send = <T>(method: string, path: string, read: Reader<T>, body?: object) =>
    askFor(
      fetch,
      path,
      { method, ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) },
      read,
    );
  const done = ({ done }: Readonly<Record<string, unknown>>) => (done === true ? true : null);

  const challenge = () =>
    send('POST', LOGIN_ROUTES.challenges, ({ challenge, model, tenant }): LoginChallenge | null =>
      typeof challenge === 'string' && typeof model === 'string' && typeof tenant === 'string'
        ? { challenge, model, tenant }
        : null,
    );

  /** Pictures as messages, and what the device is to sign with them. */
  async function prepared(pictures: readonly Picture[], given?: LoginChallenge) {
    const offer = given ?? (await challenge());
    const messages = pictures.length === 0 ? new Uint8Array() : await session.messages(pictures, offer);
    const bytes = { challenge: fromHex(offer.challenge, CHALLENGE_BYTES), tenant: fromHex(offer.tenant, TENANT_BYTES) };
    const binding = base64url(bindingOf({ ...bytes, origin }, messages));
    return { challenge: offer.challenge, messages: base64url(messages), binding };
  }

  /** A new key of this device. The user's handle is the challenge, which names the account. */
  const newKey = (name: string, handle: string, binding: string) =>
    makePasskey({ rpId, name, handle: fromHex(handle, CHALLENGE_BYTES), challenge: binding });

  async function ensureOwnKey(onWords: OnWords) {
    const words = await session.ensureOwnKey();
    if (words !== null) onWords(words);
  }

  return {
    challenge,
    async register(given, pictures, onWords, offer) {
      // Before the device makes a passkey that no account would know.
      const name = nameOf(given);
      await ensureOwnKey(onWords);
      const { challenge, messages, binding } = await prepared(pictures, offer);
      const device = await newKey(name, challenge, binding);
      return send('POST', LOGIN_ROUTES.accounts, codesOf, { name, challenge, messages, device });
    },
    async logIn(picture, offer) {
      const { challenge, messages, binding } = await prepared([picture], offer);
      const device = await askPasskey(rpId, binding);
      await send('POST', LOGIN_ROUTES.sessions, done, { challenge, messages, device });
    },
    async recover(code) {
      await send('POST', LOGIN_ROUTES.recoveries, done, { code }).catch((error: unknown) => {
        // The server says no to every login alike; here it was asked with a code alone.
        const refused = error instanceof XnnError && error.code === 'login_refused';
        throw refused ? new XnnError('code_refused', undefined, { cause: error }) : error;
      });
    },
    logOut: async () => void (await send('DELETE', LOGIN_ROUTES.session, done)),
    // The page's own server, whose shape the compiler holds.
    async account() {
      const loggedIn = await send('GET', LOGIN_ROUTES.session, (reply) => reply['loggedIn'] === true);
      return loggedIn ? send('GET', LOGIN_ROUTES.account, (reply) => reply as unknown as AccountReply) : null;
    },
    removeAccount: async () => void (await send('DELETE', LOGIN_ROUTES.account, done)),
    async renewTemplate(pictures, onWords, offer) {
      await ensureOwnKey(onWords);
      const { challenge, messages } = await prepared(pictures, offer);
      await send('PUT', LOGIN_ROUTES.template, done, { challenge, messages });
    },
    removeTemplate: async () => void (await send('DELETE', LOGIN_ROUTES.template, done)),
    renewCodes: () => send('POST', LOGIN_ROUTES.codes, codesOf),
    async addDevice(name) {
      const { challenge, binding } = await prepared([]);
      const device = await newKey(name, challenge, binding);
      await send('POST', LOGIN_ROUTES.devices, done, { challenge, device });
    },
    removeDevice: async (id) => void (await send('DELETE', LOGIN_ROUTES.device(id), done)),
    removeSession: async (id) => void (await send('DELETE', LOGIN_ROUTES.ownSession(id), done)),
    client: (interaction) =>
      send('GET', LOGIN_ROUTES.interactionClient(interaction), ({ client, faceOnly }) =>
        typeof client === 'string' && typeof faceOnly === 'boolean' ? { client, faceOnly } : null,
      ),
    accept: (interaction) => send('POST', LOGIN_ROUTES.interaction(interaction), locationOf),
    decline: (interaction) => send('DELETE', LOGIN_ROUTES.interaction(interaction), locationOf),
  };
}

function codesOf({ codes }: Readonly<Record<string, unknown>>): readonly string[] | null {
  return Array.isArray(codes) && codes.every((code) => typeof code === 'string') ? codes : null;
}

function locationOf({ location }: Readonly<Record<string, unknown>>): string | null {
  return typeof location === 'string' ? location : null;
}
