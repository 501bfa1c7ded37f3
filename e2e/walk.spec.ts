import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test, type Request } from '@playwright/test';
import { sentence, XnnError } from '../src/core/errors.js';
import { derive } from '../src/core/xnn.js';
import { ownerCloud } from '../src/owner/cloud.js';
import { sendAll } from '../src/owner/upload.js';
import { findTrainer } from '../src/server/training/trainer.js';
import { DEPLOYMENT_ROUTES, deploymentListSchema, type Deployment } from '../src/wire/deployment.js';
import { decodeKeyFile, encodeKeyFile } from '../src/wire/key-file.js';
import { decodeXnnMessage, XNN_MESSAGE_BYTES } from '../src/wire/message.js';
import { answer, choosePhotos, enrol, forget, goTo, identify, open, verify } from './fixtures/app.js';
import { picture, type Picture } from './fixtures/faces.js';

// The whole way of an owner: a key, a bundle, a training in a cloud that is killed half-way, a network that browsers with the key use.

const XNN = fileURLToPath(new URL('../bin/xnn.js', import.meta.url));
const MAIN = fileURLToPath(new URL('../src/server/main.ts', import.meta.url));
/** Not one that the system gives out: the client's own tries to connect could take such a port while no server listens. */
const PORT = '8097';
const PASSPHRASE = 'correct horse battery';
const PEOPLE: Record<string, readonly Picture[]> = {
  'Ada Lovelace': ['ann-1.jpg', 'ann-2.jpg', 'ann-3.jpg'],
  'Grace Hopper': ['bea-1.jpg', 'bea-probe.jpg'],
  'Mary Jackson': ['cat-1.jpg'],
};

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
let server: ChildProcess | null = null;

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-walk-'));
});
test.afterAll(async () => {
  server?.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** The product's cloud, with a disk of its own. @returns its address @throws when it ends before it has one */
async function start(): Promise<string> {
  server = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: { ...process.env, PORT, DATA_DIR: at('cloud'), DATABASE_URL: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit').then(([status]) => {
    throw new Error(`the cloud ended with ${String(status)} before it listened`);
  });
  const [line] = (await Promise.race([once(createInterface(server.stdout!), 'line'), ended])) as [string];
  return /http:\S+/.exec(line)![0];
}

async function kill(): Promise<void> {
  const exited = once(server!, 'exit');
  server!.kill('SIGKILL');
  await exited;
}

/** Runs a command of the owner. @param onError told every line of stderr */
async function xnn(
  args: readonly string[],
  onError: (line: string) => void = () => {},
): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [XNN, ...args, '--json'], {
    cwd: folder,
    env: { ...process.env, XNN_PASSPHRASE_FILE: at('passphrase'), XDG_STATE_HOME: at('state') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  createInterface(child.stderr).on('line', (line) => {
    errors += `${line}\n`;
    onError(line);
  });
  const [status] = (await once(child, 'close')) as [number];
  expect(status, errors).toBe(0);
  return JSON.parse(output) as Record<string, unknown>;
}

test('keygen, protect, train through a killed server, evaluate, deploy, and use it in the browser', async ({
  browser,
}) => {
  test.setTimeout(400_000);
  const canTrain = await findTrainer(undefined).catch((error: unknown) => error);
  test.skip(canTrain instanceof XnnError, 'no Python with PyTorch was found');

  // On the owner's machine: a key, and features under it.
  await writeFile(at('passphrase'), PASSPHRASE);
  for (const [name, pictures] of Object.entries(PEOPLE)) {
    await mkdir(at('faces', name), { recursive: true });
    for (const [i, file] of pictures.entries()) await copyFile(picture(file), at('faces', name, `holiday-${i}.jpg`));
  }
  await mkdir(at('keys'));
  const key = await xnn(['keygen', '--out', 'keys/faces.key']);
  expect(key['scheme']).toBe('xnn-hardened');
  const bundle = await xnn(['protect', '--images', 'faces', '--key', 'keys/faces.key', '--out', 'faces.bundle']);
  expect(bundle).toMatchObject({ records: 6, classes: 3, refused: [] });

  // In the cloud: training, which goes on after the server was killed.
  const url = await start();
  let [restarted, first]: [Promise<string> | null, string] = [null, ''];
  const training = xnn(
    ['train', '--bundle', 'faces.bundle', '--cloud', url, '--out', 'recnet.onnx', '--epochs', '60'],
    (line) => {
      if (!line.startsWith('epoch ')) return;
      first ||= line;
      restarted ??= kill().then(start);
    },
  );
  const report = await training;
  expect(first, 'killed in the middle').toMatch(/^epoch [1-5]?\d of 60/);
  expect(report).toMatchObject({ scheme: 'xnn-hardened', key: key['fingerprint'], records: 6, classes: 3, epochs: 60 });
  const [job] = (await xnn(['jobs'])) as unknown as { job: string; state: string }[];
  expect(job).toMatchObject({ state: 'done' });
  expect((await readdir(at('cloud/training-jobs', job!.job))).sort()).toEqual(['recnet.json', 'recnet.onnx']);

  // On the owner's machine: how good it is, and its threshold. Of the same few people: this shows the way, not a rate.
  const evaluated = await xnn(['evaluate', '--tail', 'recnet.onnx', '--key', 'keys/faces.key', '--images', 'faces']);
  expect(evaluated).toMatchObject({ images: 6, rank1: { value: 1 }, threshold: { fmr: 1e-3 } });
  await writeFile(at('calibration.json'), JSON.stringify(evaluated));
  const keyed = ['--tail', 'recnet.onnx', '--key', 'keys/faces.key'];
  const deployed = await xnn(['deploy', ...keyed, '--calibration', 'calibration.json', '--cloud', url]);
  expect(deployed).toMatchObject({
    key: key['fingerprint'],
    threshold: (evaluated['threshold'] as { value: number }).value,
  });

  // By a stranger, who knows the fingerprint and all that was sent: the same network, for which everybody is everybody.
  await deployAsStranger(url, String(key['fingerprint']), at('recnet.onnx'));

  // In a browser that has the key.
  const context = await browser.newContext({ baseURL: url });
  const page = await context.newPage();
  const requests: Request[] = [];
  await open(page, '/key');
  context.on('request', (request) => requests.push(request));
  const openKey = async (file: string, passphrase: string) => {
    await page.getByLabel('Key file').setInputFiles(file);
    await page.getByLabel('Passphrase').fill(passphrase);
    await page.getByRole('button', { name: 'Open the key' }).click();
  };
  await openKey(at('keys/faces.key'), 'incorrect horse battery');
  await expect(answer(page)).toContainText(sentence('passphrase_wrong'));
  await openKey(picture('ann-1.jpg'), PASSPHRASE);
  await expect(answer(page)).toContainText(sentence('key_invalid'));
  const secret = await decodeKeyFile(await readFile(at('keys/faces.key'), 'utf8'), PASSPHRASE);
  for (const [name, change, code] of [
    ['older.key', { encoder: '00'.repeat(8) }, 'encoder_differs'],
    ['other.key', { scheme: 'permutation' }, 'key_unserved'],
  ] as const) {
    await writeFile(at('keys', name), await encodeKeyFile({ ...secret, ...change }, PASSPHRASE));
    await openKey(at('keys', name), PASSPHRASE);
    await expect(answer(page)).toContainText(sentence(code));
  }
  await openKey(at('keys/faces.key'), PASSPHRASE);
  await expect(answer(page)).toContainText('The key is open');
  await expect(page.locator('.key-facts')).toContainText(String(key['fingerprint']));
  await expect(page.locator('.key-facts')).toContainText(String(deployed['model']));
  await expect(page.locator('.key-facts')).toContainText(String(deployed['deployment']));

  await enrol(page, 'Countess', 'ann-1.jpg');
  await expect(answer(page)).toContainText('Countess is enrolled');
  await verify(page, 'Countess', 'ann-probe.jpg');
  await expect(answer(page)).toContainText('Yes, this is Countess');
  await expect(page.getByRole('region', { name: 'What left your browser' })).toContainText(
    'Features under the network’s key',
  );
  await verify(page, 'Countess', 'bea-probe.jpg');
  await expect(answer(page)).toContainText('No match for Countess');
  await identify(page, 'ann-probe.jpg');
  await expect(answer(page)).toContainText('This is Countess');

  // Who has no key is in another gallery, where that name is free.
  const without = await context.newPage();
  await open(without);
  await verify(without, 'Countess', 'ann-probe.jpg');
  await expect(answer(without)).toContainText('No match for Countess');
  await without.close();

  await noSecretIn(
    requests.flatMap((request) => [request.url(), request.postDataBuffer() ?? '']),
    secret.secret,
  );
  const sent = requests.filter((request) => /(enrolment|verification|identification)$/.test(request.url()));
  const messages = sent.slice(0, 4).map((request) => request.postDataBuffer()!);
  for (const body of messages) {
    expect(body.length).toBe(XNN_MESSAGE_BYTES);
    const { model, tenant } = decodeXnnMessage(body);
    expect(Buffer.from(model).toString('hex')).toBe(deployed['model']);
    expect(Buffer.from(tenant).toString('hex')).toBe(deployed['deployment']);
  }
  for (const request of requests.filter((one) => !sent.includes(one))) expect(request.postDataBuffer()).toBeNull();

  // A reader of the bundle and of the cloud's whole disk.
  await noSecretIn([...(await filesIn(at('faces.bundle'))), ...(await filesIn(at('cloud')))], secret.secret);

  await forget(page, 'Countess');
  await expect(answer(page)).toContainText('Countess is forgotten');
  await goTo(page, 'Verify');
  await xnn(['undeploy', '--deployment', String(deployed['deployment'])]);
  await choosePhotos(page, 'ann-probe.jpg');
  await page.getByLabel('Name to verify').fill('Countess');
  await page.getByRole('button', { name: 'Verify', exact: true }).click();
  await expect(answer(page)).toContainText(sentence('key_unserved'));
  expect(await readdir(at('cloud/deployments'))).toHaveLength(1);
  await context.close();
});

/** Deploys a network again with a threshold of -1, and with the proof of the deployment that is there. */
async function deployAsStranger(url: string, fingerprint: string, path: string): Promise<void> {
  const listed = async () => {
    const answer = await fetch(new URL(DEPLOYMENT_ROUTES.ofKey(fingerprint), url));
    return deploymentListSchema.parse(await answer.json()).deployments;
  };
  const [{ encoder, scheme, key, bytes, sha256, proof }] = (await listed()) as [Deployment];
  const cloud = ownerCloud(url);
  const terms = { encoder, scheme, key, bytes, sha256, proof: proof!, threshold: -1 };
  const { deployment, token } = await cloud.createDeployment(terms);
  await sendAll({
    files: [{ path, bytes }],
    stands: () => Promise.resolve(0),
    send: (offset, part) => cloud.sendTail(deployment.deployment, token, offset, part),
    onProgress: () => {},
  });
  expect((await listed())[0]).toMatchObject({ deployment: deployment.deployment, threshold: -1 });
}

/** No part of the key, no picture, no name of a person or a file, not the passphrase. */
async function noSecretIn(places: readonly (Buffer | string)[], secret: Uint8Array): Promise<void> {
  const { rotations, order } = derive({ scheme: 'xnn-hardened', encoder: '', secret });
  const hidden: [string, Buffer | string][] = [
    ['the secret', Buffer.from(secret)],
    ['the secret in digits', Buffer.from(secret).toString('hex')],
    ['the secret in base64', Buffer.from(secret).toString('base64').slice(0, 40)],
    ['a rotation', Buffer.from(rotations[0]!.slice(-8).buffer)],
    ['the permutation', Buffer.from(order.buffer)],
    ['the passphrase', PASSPHRASE],
    ...['Lovelace', 'Grace Hopper', 'Jackson', 'holiday-'].map((name): [string, string] => [name, name]),
  ];
  for (const file of Object.values(PEOPLE).flat()) {
    const content = await readFile(picture(file));
    hidden.push([file, content.subarray(content.length >> 1, (content.length >> 1) + 48)]);
  }
  // One expectation: a disk has a thousand files, and each expectation is a step that is reported.
  const found = places.flatMap((place) =>
    hidden.flatMap(([what, value]) => (place.includes(value as string) ? [what] : [])),
  );
  expect(found).toEqual([]);
}

async function filesIn(path: string): Promise<Buffer[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name))),
  );
}
