import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { serve } from '@hono/node-server';
import * as tf from '@tensorflow/tfjs-core';
import { asPerturbed } from '../core/features.js';
import { foldScales } from '../core/foreign-judge.js';
import { keyedRotation, protectDescriptor } from '../core/keyed.js';
import { unit, type Embedding } from '../core/match.js';
import { dequantise, type QuantisedFeatures } from '../core/quantise.js';
import { gaussian, type RandomBytes } from '../core/random.js';
import { EMBEDDING_SIZE, FEATURE_CHANNELS, FEATURE_VALUES, SECRET_BYTES } from '../core/spec.js';
import type { Golden } from '../protocol/golden.js';
import type { Served, Student } from '../protocol/recognise.js';
import { MESSAGE_TYPE, ROUTES, type ChallengeReply, type EnrolmentReply } from '../wire/api.js';
import { fromHex, toHex } from '../wire/hex.js';
import { encodeKeyedMessage, encodeMessage } from '../wire/message.js';
import { createApp, type AppDependencies, type LogEntry } from './app.js';
import { driverOf, openEmbedded, openPostgres, type Driver } from './drivers.js';
import { localMaster } from './keyring/master.js';
import type { Rates } from './limits/limiter.js';
import type { KeyedModel } from './models.js';
import { openStore, type Store } from './store.js';

// What the tests of the cloud share. Nothing here is used by the product.

export const SERVED: Served = { model: new Uint8Array(8).fill(7), tenant: new Uint8Array(16).fill(9) };
export const THRESHOLD = 0.5;
export const KEYED: KeyedModel = { model: new Uint8Array(8).fill(8), threshold: 0.6 };
export const MASTER = localMaster(new Uint8Array(32).fill(3));
/** No limits but those of subjects. */
export const UNLIMITED: Rates = { perAddress: 1e9, perTenant: 1e9 };

/** Bytes that are the same for the same seed (mulberry32). Not secure. */
export function seeded(seed: number): RandomBytes {
  let state = seed >>> 0;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return (mixed ^ (mixed >>> 14)) >>> 24;
    });
}

/** A stand-in for the student: the mean of every channel. Persons of `messageOf` differ by those. */
export const meanStudent: Student = (batch) => Promise.resolve(batch.map(channelMeans));

function channelMeans(features: QuantisedFeatures): Float32Array {
  const sums = new Float32Array(FEATURE_CHANNELS);
  dequantise(features).forEach((value, i) => (sums[i % FEATURE_CHANNELS]! += value));
  return sums;
}

/** What `meanStudent` sees in every capture of a person, nearly. */
export function embeddingOf(person: number): Embedding {
  return unit(gaussian(EMBEDDING_SIZE, seeded(1000 + person)));
}

/** One message that shows a person. Captures of a person differ by noise. */
export function messageOf(
  person: number,
  challenge: Uint8Array,
  served: Served = SERVED,
  capture: number = 0,
): Uint8Array {
  const centre = gaussian(FEATURE_CHANNELS, seeded(1000 + person));
  const noise = gaussian(FEATURE_VALUES, seeded(person * 10 + capture));
  const values = noise.map((value, i) => value + centre[i % FEATURE_CHANNELS]!);
  return encodeMessage({ ...served, challenge }, asPerturbed(values));
}

/** One message that shows a person under the key of an owner, a number. */
export function keyedMessageOf(
  owner: number,
  person: number,
  challenge: Uint8Array,
  tenant: Uint8Array = SERVED.tenant,
  capture: number = 0,
): Uint8Array {
  const noise = gaussian(EMBEDDING_SIZE, seeded(person * 10 + capture));
  const face = embeddingOf(person).map((value, i) => value + 0.03 * noise[i]!);
  const turn = keyedRotation(new Uint8Array(SECRET_BYTES).fill(owner));
  return encodeKeyedMessage({ model: KEYED.model, tenant, challenge }, protectDescriptor(face, turn));
}

/** How a test talks to a cloud: in this process, or over HTTP. */
export type Fetch = (path: string, init?: RequestInit & { duplex?: 'half' }) => Promise<Response>;

export async function newChallenge(fetch: Fetch): Promise<Uint8Array> {
  const response = await fetch(ROUTES.challenges, { method: 'POST' });
  return fromHex(((await response.json()) as ChallengeReply).challenge, 16);
}

export async function post(fetch: Fetch, path: string, ...messages: readonly Uint8Array[]): Promise<Response> {
  const body = await new Blob(messages.map((message) => Uint8Array.from(message))).arrayBuffer();
  return fetch(path, { method: 'POST', headers: { 'Content-Type': MESSAGE_TYPE }, body });
}

export async function enrol(
  fetch: Fetch,
  subject: string,
  person: number,
  served: Served = SERVED,
): Promise<EnrolmentReply> {
  const challenge = await newChallenge(fetch);
  const messages = [0, 1, 2].map((capture) => messageOf(person, challenge, served, capture));
  const response = await post(fetch, ROUTES.enrolment(subject), ...messages);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as EnrolmentReply;
}

/** The answer to one message of a person, under a new challenge. */
export async function show(fetch: Fetch, path: string, person: number, served: Served = SERVED): Promise<unknown> {
  const challenge = await newChallenge(fetch);
  return (await post(fetch, path, messageOf(person, challenge, served, 4))).json();
}

/** Of a PostgreSQL that tests may use beside the embedded one. */
export const TEST_SERVER = process.env['TEST_DATABASE_URL'] || null;

/** The address of a new database on a server, which stays behind there. @throws an Error if the server is away */
export async function newDatabase(server: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = openPostgres(server, () => undefined, 1);
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.close();
  return new URL(`/${name}`, server).href;
}

let begun: Promise<Blob | File> | null = null;

/** An empty embedded database in memory. Making one takes seconds, copying one half a second. */
export async function openInMemory(): Promise<Driver> {
  begun ??= PGlite.create().then(async (db) => {
    const copy = await db.dumpDataDir('none');
    await db.close();
    return copy;
  });
  return driverOf(await PGlite.create({ loadDataDir: await begun, extensions: { vector } }));
}

/** An empty database: embedded, or a new one on the server of tests. */
export const openTestDatabase = async (): Promise<Driver> =>
  TEST_SERVER === null ? openInMemory() : openAt(await newDatabase(TEST_SERVER));

/** The database at an address, or the embedded one in a folder. */
export const openAt = async (place: string): Promise<Driver> =>
  URL.canParse(place) ? openPostgres(place, () => undefined) : openEmbedded(place);

/** A cloud in this process, with a database in memory and a clock that stands still, unless told otherwise. */
export async function testCloud(changes: Partial<AppDependencies> = {}) {
  const store = changes.store ?? (await openStore(await openTestDatabase(), MASTER));
  const clock = { now: Date.UTC(2024, 0, 1) };
  const logged: LogEntry[] = [];
  const { tenant } = changes.served ?? SERVED;
  let visitors = 0;
  await store.tenants.ensure(tenant, toHex(tenant), true, { actor: 'test', at: new Date(clock.now) });
  const app = createApp({
    store,
    student: meanStudent,
    served: SERVED,
    threshold: THRESHOLD,
    keyed: KEYED,
    now: () => clock.now,
    random: seeded(1),
    log: (entry) => logged.push(entry),
    rates: UNLIMITED,
    // One address may not have much under way at once.
    addressOf: () => `visitor ${visitors++}`,
    ...changes,
  });
  const fetch: Fetch = async (path, init) => app.request(path, init);
  return { app, fetch, store, clock, logged };
}

/** A cloud of its own process, to be killed by a test: prints its port when it is ready. Its master key is the tests'. */
export function serveChild(store: Store, parts: Partial<AppDependencies> = {}): void {
  const app = createApp({
    store,
    student: meanStudent,
    served: SERVED,
    threshold: THRESHOLD,
    keyed: KEYED,
    now: Date.now,
    random: randomBytes,
    rates: UNLIMITED,
    addressOf: () => '192.0.2.1',
    log: logOfChild,
    ...parts,
  });
  serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => process.stdout.write(`${port}\n`));
}

export const logOfChild = (entry: LogEntry): boolean => process.stderr.write(`${JSON.stringify(entry)}\n`);

/** Every value of every table, as a thief reads them. */
export async function dump(driver: Driver): Promise<Buffer> {
  const tables = await driver.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  const rows = await Promise.all(tables.map(({ name }) => driver.query<object>(`SELECT * FROM ${name}`)));
  const values = rows.flat().flatMap((row) => Object.values(row) as unknown[]);
  return Buffer.concat(
    values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value)))),
  );
}

/** Largest difference of two samples' cumulative distributions, in [0, 1]. */
export function distance(a: readonly number[], b: readonly number[]): number {
  const below = (sample: readonly number[], value: number) => sample.filter((x) => x <= value).length / sample.length;
  return Math.max(...[...a, ...b].map((value) => Math.abs(below(a, value) - below(b, value))));
}

const PROJECT = new URL('../../', import.meta.url);

/** Where tfjs's WebAssembly lies, with a slash at the end. */
export const WASM_FOLDER = `${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`;

/** The released weights of one of the browser's networks. */
export function readReleased(network: 'encoder' | 'generator' | 'tail'): tf.NamedTensorMap {
  return readNetwork('public/models/', network);
}

/** Weights of a released attacker: a painter, by what it reads, or the one who links. */
export function readAttacker(name: 'clean' | 'xnn-d' | 'linker'): tf.NamedTensorMap {
  return readNetwork('public/attackers/', name);
}

const JUDGE = new URL('node_modules/@vladmandic/face-api/model/', PROJECT);

/** The foreign judge's files, as npm's package has them. */
export function readJudgeFile(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(name, JUDGE)));
}

/** The foreign judge's weights, as he runs. */
export function readForeignJudge(): tf.NamedTensorMap {
  const manifest = new TextDecoder().decode(readJudgeFile('face_recognition_model-weights_manifest.json'));
  const specs = (JSON.parse(manifest) as tf.io.WeightsManifestConfig).flatMap(({ weights }) => weights);
  const weights = tf.io.decodeWeights(readJudgeFile('face_recognition_model.bin').buffer, specs);
  const folded = foldScales(weights);
  tf.dispose(weights);
  return folded;
}

function readNetwork(path: string, network: string): tf.NamedTensorMap {
  const folder = new URL(path, PROJECT);
  const { weightsManifest } = JSON.parse(readFileSync(new URL(`${network}.json`, folder), 'utf8')) as tf.io.ModelJSON;
  const bytes = readFileSync(new URL(`${network}.bin`, folder));
  return tf.io.decodeWeights(
    new Uint8Array(bytes).buffer,
    weightsManifest.flatMap((group) => group.weights),
  );
}

export function readGolden(): Golden {
  return JSON.parse(readFileSync(new URL('models/golden.json', PROJECT), 'utf8')) as Golden;
}
