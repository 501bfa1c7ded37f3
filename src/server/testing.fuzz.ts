import { isErrorCode, XnnError } from '../core/errors.js';
import { asPerturbed } from '../core/features.js';
import { gaussian } from '../core/random.js';
import { FEATURE_VALUES } from '../core/spec.js';
import { asObfuscated } from '../core/tokens.js';
import { readKeyedMessages, readMessages, readXnnMessages } from '../protocol/recognise.js';
import { MESSAGE_TYPE, ROUTES } from '../wire/api.js';
import { decodeShard, MANIFEST_FILE, parseManifest } from '../wire/bundle.js';
import { toHex } from '../wire/hex.js';
import { bindingOf, LOGIN_ROUTES } from '../wire/login.js';
import { encodeMessage, encodeXnnMessage } from '../wire/message.js';
import { decodeTensors } from '../wire/safetensors.js';
import { softDevice } from './login/testing.js';
import { openStore } from './store.js';
import { KEYED, keyedMessageOf, MASTER, openTestDatabase, seeded, SERVED, testCloud, UNLIMITED } from './testing.js';
import { testBundle } from './training/testing.js';
import { openEmbedded } from './drivers.js';

// A fuzzer of all that is read from the network. Nothing here is used by the product.

/** A number in [0, below), whole. */
export type Draw = (below: number) => number;

/** The same draws for the same seed (mulberry32). Not secure. */
export function drawing(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const BYTES = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d, 0x30, 0x39, 0x2d, 0x65];
/** NaN, infinities, the smallest and the largest float, the largest unsigned numbers of 4 and 8 bytes. */
const WORDS = ['7fc00000', 'ff800000', '7f800000', '00000001', '7f7fffff', 'ffffffff', 'ffffffffffffffff'].map((hex) =>
  Buffer.from(hex, 'hex').reverse(),
);

/** What may have become of bytes on the way, or in somebody's hands: one to six changes. */
export function mutate(bytes: Uint8Array, draw: Draw): Uint8Array {
  let now = Buffer.from(bytes);
  for (let changes = 1 + draw(6); changes > 0; changes--) {
    const at = draw(now.length + 1);
    const size = 1 + draw(draw(4) === 0 ? now.length + 1 : 16);
    switch (draw(8)) {
      case 0:
      case 1:
        if (at < now.length) now[at]! ^= 1 << draw(8);
        break;
      case 2:
        if (at < now.length) now[at] = BYTES[draw(BYTES.length)]!;
        break;
      case 3:
        WORDS[draw(WORDS.length)]!.copy(now, at);
        break;
      case 4:
        now = Buffer.concat([now.subarray(0, at), now.subarray(at + size)]);
        break;
      case 5:
        now = Buffer.concat([now.subarray(0, at), Buffer.alloc(size, BYTES[draw(BYTES.length)]), now.subarray(at)]);
        break;
      case 6:
        now = Buffer.concat([
          now.subarray(0, at),
          now.subarray(draw(now.length + 1)).subarray(0, size),
          now.subarray(at),
        ]);
        break;
      default:
        now.copy(now, at, draw(now.length + 1));
    }
  }
  // No longer than what the routes let through.
  return now.subarray(0, 2 * bytes.length + 64);
}

/** Something that reads bytes from the network, and good ones to begin with. Rejects with whatever is no coded refusal. */
export interface Target {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  readonly read: (bytes: Uint8Array) => void | Promise<void>;
  /** Of how many messages it gets one. */
  readonly every: number;
}

const challenge = new Uint8Array(16).fill(3);
const values = gaussian(FEATURE_VALUES, seeded(5));
const message = encodeMessage({ ...SERVED, challenge }, asPerturbed(values));
const obfuscated = encodeXnnMessage({ ...SERVED, challenge }, asObfuscated(values));
const keyed = keyedMessageOf(1, 1, challenge);
const servedKeyed = { model: KEYED.model, tenant: SERVED.tenant };
const bundle = testBundle();
const [shard] = bundle.manifest.shards;

/** A reader may refuse with a code, and with nothing else. */
function coded(read: (bytes: Uint8Array) => unknown): (bytes: Uint8Array) => void {
  return (bytes) => {
    try {
      read(bytes);
    } catch (error) {
      if (!(error instanceof XnnError)) throw error;
    }
  };
}

export const CODECS: readonly Target[] = [
  { name: 'message', seeds: [message], every: 1, read: coded((bytes) => readMessages(bytes, SERVED, 5)) },
  { name: 'XNN message', seeds: [obfuscated], every: 1, read: coded((bytes) => readXnnMessages(bytes, SERVED, 5)) },
  { name: 'keyed message', seeds: [keyed], every: 1, read: coded((bytes) => readKeyedMessages(bytes, servedKeyed, 5)) },
  {
    name: 'safetensors',
    seeds: [bundle.bytes.subarray(0, 400), bundle.bytes.subarray(0, shard!.bytes)],
    every: 1,
    read: coded(decodeTensors),
  },
  {
    name: 'shard',
    seeds: [bundle.bytes.subarray(0, shard!.bytes)],
    every: 1,
    read: coded((bytes) => decodeShard(bytes, shard!, bundle.manifest)),
  },
  {
    name: MANIFEST_FILE,
    seeds: [Buffer.from(JSON.stringify(bundle.manifest))],
    every: 4,
    read: coded((bytes) => parseManifest(Buffer.from(bytes).toString())),
  },
];

/**
 * A whole cloud, which takes a challenge any number of times, so that what comes after that is reached too.
 *
 * @param folder of its database; without one, that of the tests
 */
export async function cloudTargets(
  folder?: string,
): Promise<{ targets: readonly Target[]; close: () => Promise<void> }> {
  const origin = 'https://login.example.com';
  const store = await openStore(await (folder === undefined ? openTestDatabase() : openEmbedded(folder)), MASTER);
  await store.tenants.ensure(SERVED.tenant, 'test', true, { actor: 'test', at: new Date() });
  const { fetch } = await testCloud({
    store: { ...store, takeChallenge: () => Promise.resolve(true) },
    rates: UNLIMITED,
    login: { tenant: SERVED.tenant, origin },
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
  });

  async function answered(path: string, type: string, bytes: Uint8Array): Promise<void> {
    const headers = { Origin: origin, 'Content-Type': type };
    const response = await fetch(path, { method: 'POST', headers, body: Uint8Array.from(bytes) });
    const body = (await response.json()) as { error?: { code?: unknown } };
    if (response.ok) return;
    const { code } = body.error ?? {};
    if (response.status >= 500 || !isErrorCode(code))
      throw new Error(`${path} answered ${response.status} ${String(code)}`);
  }

  const device = softDevice(origin);
  const binding = bindingOf({ challenge, tenant: SERVED.tenant, origin }, keyed);
  const login = { challenge: toHex(challenge), messages: Buffer.from(keyed).toString('base64url') };
  const json = (body: object) => Buffer.from(JSON.stringify(body));
  const registration = json({ name: 'Ada', ...login, device: device.register(binding) });
  await answered(LOGIN_ROUTES.accounts, 'application/json', registration);
  const posting = (name: string, path: string, type: string, seed: Uint8Array): Target => ({
    name,
    seeds: [seed],
    every: 20,
    read: (bytes) => answered(path, type, bytes),
  });
  return {
    targets: [
      posting('verification', ROUTES.verification('Ada'), MESSAGE_TYPE, message),
      posting('keyed verification', ROUTES.verification('Ada'), MESSAGE_TYPE, keyed),
      posting('login', LOGIN_ROUTES.sessions, 'application/json', json({ ...login, device: device.sign(binding) })),
      posting(
        'device',
        LOGIN_ROUTES.sessions,
        'application/json',
        json({ challenge: login.challenge, messages: '', device: device.sign(binding) }),
      ),
      posting('recovery', LOGIN_ROUTES.recoveries, 'application/json', json({ code: 'ABCD-EFGH-JKMN-PQRS' })),
      posting('removal', ROUTES.removal('Ada'), 'application/json', json({ receipt: '00'.repeat(32) })),
    ],
    close: () => store.close(),
  };
}

/** Gives targets so many mutated messages in turn. @returns how many each got @throws an Error that names the seed of the one that failed */
export async function fuzz(
  targets: readonly Target[],
  count: number,
  seed: number,
  onProgress: (done: number) => void = () => undefined,
): Promise<Readonly<Record<string, number>>> {
  const given: Record<string, number> = Object.fromEntries(targets.map(({ name }) => [name, 0]));
  for (let done = 0, round = 0; done < count; round++) {
    for (const { name, seeds, read, every } of targets) {
      if (round % every !== 0 || done >= count) continue;
      const draw = drawing(seed + done);
      const bytes = mutate(seeds[draw(seeds.length)]!, draw);
      try {
        await read(bytes);
      } catch (cause) {
        throw new Error(`${name} with seed ${seed + done}: ${String(cause)}`, { cause });
      }
      given[name]!++;
      onProgress(++done);
    }
  }
  return given;
}
