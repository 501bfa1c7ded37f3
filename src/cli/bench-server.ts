import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { PerturbedFeatures } from '../core/features.js';
import { CHALLENGE_BYTES } from '../core/spec.js';
import { goldenFace } from '../protocol/golden.js';
import { protect } from '../protocol/protect.js';
import { MESSAGE_TYPE, ROUTES, type ChallengeReply, type ServiceReply } from '../wire/api.js';
import { fromHex } from '../wire/hex.js';
import { CHALLENGE_AT, decodeMessage, encodeMessage } from '../wire/message.js';
import { loadCloudModel } from '../server/models.js';
import { readReleased, WASM_FOLDER } from '../server/testing.js';
import type { FromServer } from './bench-server.child.js';
import { parsed, runCommand } from './command.js';

const HELP = `Measures a server in a process of its own: verifications a second, each under a challenge of its own, beside what onnxruntime
alone does of the student, in turns; then what happens when many more ask than it can answer.

  npm run bench:server -- [--seconds N] [--clients N] [--crowd N]

  --seconds N    of each of two turns of verifications (default 8); the turns of onnxruntime and of the crowd take as long, but at most 20
  --clients N    who ask one request after another (default 32)
  --crowd N      who ask when it is too much (default 600)

On the embedded database in a new folder, or the empty one at DATABASE_URL. Prints JSON: times in ms, memory in MB (its curve from the
start to the crowd), and coreMs, what all threads together compute for one inference alone and for one verification, the inference among
it. What a separate database computes is not counted.
`;

const CHILD = fileURLToPath(new URL('./bench-server.child.ts', import.meta.url));
const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
/** Of the network's messages at once, as the server does. */
const BATCH = 16;

interface Answer {
  /** 0 if the connection broke. */
  readonly status: number;
  readonly ms: number;
  readonly body: string;
}

async function main(args: string[]): Promise<void> {
  const { values } = parsed(() =>
    parseArgs({
      args,
      options: {
        seconds: { type: 'string', default: '8' },
        clients: { type: 'string', default: '32' },
        crowd: { type: 'string', default: '600' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return console.log(HELP);
  const [seconds, clients, crowd] = [Number(values.seconds), Number(values.clients), Number(values.crowd)];
  const brief = Math.min(seconds, 20);
  const folder = await mkdtemp(join(tmpdir(), 'xnn-bench-'));
  const env = {
    ...process.env,
    PORT: '0',
    DATA_DIR: folder,
    LIMIT_PER_ADDRESS: '1000000000',
    LIMIT_PER_TENANT: '1000000000',
  };
  const child = fork(CHILD, [], { env, execArgv: ['--import', 'tsx'] });
  try {
    const url = await readyAt(child);
    const memory: number[] = [];
    let computed = 0;
    child.on('message', (message: FromServer) => {
      if (!('rss' in message)) return;
      memory.push(Math.round(message.rss / 1e6));
      computed = message.cpu / 1000;
    });
    const client = clientOf(url);
    const service = JSON.parse((await client('GET', ROUTES.service)).body) as ServiceReply;
    const features = await featuresOfAFace();
    const served = { model: fromHex(service.model, 8), tenant: fromHex(service.tenant, 16) };
    const message = encodeMessage({ ...served, challenge: new Uint8Array(CHALLENGE_BYTES) }, features);
    const show = async (path: string): Promise<readonly Answer[]> => {
      const asked = await client('POST', ROUTES.challenges);
      if (asked.status !== 200) return [asked];
      const { challenge } = JSON.parse(asked.body) as ChallengeReply;
      // Writing a message anew would take the server's cores.
      const shown = message.slice();
      shown.set(fromHex(challenge, CHALLENGE_BYTES), CHALLENGE_AT);
      return [asked, await client('POST', path, shown)];
    };
    for (let i = 0; i < clients; i++) {
      const enrolled = (await show(ROUTES.enrolment(`client ${i}`))).at(-1);
      if (enrolled?.status !== 200) throw new Error(`no enrolment: ${enrolled?.body}`);
    }

    const steady: Answer[] = [];
    let inferences = 0;
    const cores = { onnxruntime: 0, server: 0, client: 0 };
    for (let turn = 0; turn < 2; turn++) {
      const begun = own();
      inferences += await alone(features, brief);
      cores.onnxruntime += own() - begun;
      const [server, client] = [computed, own()];
      await forSeconds(seconds, clients, async (i) => {
        const [, verified] = await show(ROUTES.verification(`client ${i}`));
        if (verified?.status === 200) steady.push(verified);
      });
      cores.client += own() - client;
      await pause(500);
      cores.server += computed - server;
    }
    const ended = memory.length;
    const refused: Answer[] = [];
    let answered = 0;
    await forSeconds(brief, crowd, async (i) => {
      for (const answer of await show(ROUTES.verification(`client ${i % clients}`))) {
        answered++;
        if (answer.status === 200) continue;
        refused.push(answer);
        // As Retry-After says.
        await pause(1000);
      }
    });
    const after = await client('GET', '/v1/ready');
    const [perSecond, network] = [steady.length / seconds / 2, inferences / brief / 2];
    console.log(
      JSON.stringify({
        database: process.env['DATABASE_URL'] ? 'PostgreSQL' : 'PGlite',
        verificationsPerSecond: round(perSecond),
        ms: quantiles(steady),
        onnxruntimePerSecond: round(network),
        ratio: round(perSecond / network),
        coreMs: {
          onnxruntime: round(cores.onnxruntime / inferences),
          server: round(cores.server / steady.length),
          client: round(cores.client / steady.length),
        },
        memory: {
          curve: Array.from({ length: 11 }, (_, i) => memory[Math.round((i / 10) * (ended - 1))]),
          most: Math.max(...memory),
          last: memory.at(-1),
        },
        crowd: {
          answered,
          refused: refused.length,
          statuses: [...new Set(refused.map(({ status }) => status))],
          refusalMs: quantiles(refused),
          afterwards: after.status,
        },
      }),
    );
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

async function readyAt(child: ChildProcess): Promise<string> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the server did not start')));
  const [first] = (await Promise.race([once(child, 'message'), ended])) as [FromServer];
  ended.catch(() => undefined);
  if (!('url' in first)) throw new Error('the server did not say where it is');
  return first.url;
}

/** What a browser would send of the golden face; the server refuses noise that shows none. */
async function featuresOfAFace(): Promise<PerturbedFeatures> {
  setWasmPaths(WASM_FOLDER);
  await tf.setBackend('wasm');
  const model = { encoder: readReleased('encoder'), generator: readReleased('generator') };
  return (await protect(model, goldenFace(), randomBytes)).perturbed;
}

/** What this process has computed, in ms. */
function own(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** What onnxruntime does of the student by itself in so many seconds. */
async function alone(features: PerturbedFeatures, seconds: number): Promise<number> {
  const { student } = await loadCloudModel(MODELS);
  const header = { model: new Uint8Array(8), tenant: new Uint8Array(16), challenge: new Uint8Array(16) };
  const batch = Array.from({ length: BATCH }, () => decodeMessage(encodeMessage(header, features)).features);
  await student(batch);
  let done = 0;
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; done += BATCH) await student(batch);
  return done;
}

async function forSeconds(seconds: number, clients: number, work: (client: number) => Promise<void>): Promise<void> {
  const end = performance.now() + 1000 * seconds;
  const all = Array.from({ length: clients }, async (_, i) => {
    while (performance.now() < end) await work(i);
  });
  await Promise.all(all);
}

function clientOf(url: string) {
  const agent = new Agent({ keepAlive: true });
  return (method: string, path: string, body?: Uint8Array): Promise<Answer> =>
    new Promise((resolve) => {
      const begun = performance.now();
      const answer = (status: number, text: string) => resolve({ status, ms: performance.now() - begun, body: text });
      const headers = body === undefined ? {} : { 'Content-Type': MESSAGE_TYPE, 'Content-Length': body.length };
      const sent = request(url + path, { agent, method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('error', () => answer(0, ''));
        response.on('end', () => answer(response.statusCode ?? 0, text));
      });
      sent.on('error', () => answer(0, ''));
      sent.end(body);
    });
}

function quantiles(answers: readonly Answer[]) {
  const sorted = answers.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function round(value: number): number {
  return Number(value.toFixed(value < 10 ? 2 : 0));
}

runCommand(main);
