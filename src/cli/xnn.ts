import { isErrorCode, sentence, XnnError } from '../core/errors.js';
import { printable } from './command.js';
import type { Command } from './xnn/command.js';

/** What each command does, and where it is: loaded when it is called, since some bring a browser along. */
const COMMANDS: Readonly<Record<string, readonly [summary: string, load: () => Promise<Command>]>> = {
  keygen: [
    'makes a key and writes it to a file, encrypted with a passphrase',
    async () => (await import('./xnn/keygen.js')).KEYGEN,
  ],
  'key info': ['shows what a key is for, never the key', async () => (await import('./xnn/key-info.js')).KEY_INFO],
  protect: [
    'turns a folder of pictures into a bundle of protected features for the cloud',
    async () => (await import('./xnn/protect.js')).PROTECT,
  ],
  'bundle info': [
    'checks a bundle, and shows what the cloud can see of it',
    async () => (await import('./xnn/bundle-info.js')).BUNDLE_INFO,
  ],
  train: [
    'has a bundle trained in a cloud, and fetches the network',
    async () => (await import('./xnn/train.js')).TRAIN,
  ],
  'jobs show': ['shows how far a training job is', async () => (await import('./xnn/jobs.js')).JOBS_SHOW],
  'jobs cancel': ['ends a training job before it is done', async () => (await import('./xnn/jobs.js')).JOBS_CANCEL],
  'jobs delete': ['deletes a training job in its cloud', async () => (await import('./xnn/jobs.js')).JOBS_DELETE],
  jobs: ['lists the training jobs that were begun on this machine', async () => (await import('./xnn/jobs.js')).JOBS],
  evaluate: [
    'measures how well a network that the cloud trained tells people apart',
    async () => (await import('./xnn/evaluate.js')).EVALUATE,
  ],
  deploy: [
    'has a cloud serve a trained network to browsers that hold its key',
    async () => (await import('./xnn/deploy.js')).DEPLOY,
  ],
  deployments: ['lists what was deployed from this machine', async () => (await import('./xnn/deploy.js')).DEPLOYMENTS],
  undeploy: [
    'deletes a deployment and everybody who is enrolled with it',
    async () => (await import('./xnn/deploy.js')).UNDEPLOY,
  ],
  'admin tenant create': [
    'makes a tenant and its first key',
    async () => (await import('./xnn/admin.js')).TENANT_CREATE,
  ],
  'admin tenant list': ['lists tenants and their settings', async () => (await import('./xnn/admin.js')).TENANT_LIST],
  'admin tenant set': [
    'changes threshold, retention, modes, webhook or publicity of a tenant',
    async () => (await import('./xnn/admin.js')).TENANT_SET,
  ],
  'admin tenant disable': [
    'has the keys of a tenant refused',
    async () => (await import('./xnn/admin.js')).TENANT_DISABLE,
  ],
  'admin tenant enable': ['takes that back', async () => (await import('./xnn/admin.js')).TENANT_ENABLE],
  'admin key create': ['makes an API key', async () => (await import('./xnn/admin.js')).KEY_CREATE],
  'admin key list': ['lists API keys', async () => (await import('./xnn/admin.js')).KEY_LIST],
  'admin key revoke': ['revokes an API key', async () => (await import('./xnn/admin.js')).KEY_REVOKE],
  'admin client create': [
    'registers a client of the OpenID Connect provider',
    async () => (await import('./xnn/clients.js')).CLIENT_CREATE,
  ],
  'admin client list': ['lists such clients', async () => (await import('./xnn/clients.js')).CLIENT_LIST],
  'admin client delete': ['deletes such a client', async () => (await import('./xnn/clients.js')).CLIENT_DELETE],
  'admin signing-key rotate': [
    'changes what the provider signs with',
    async () => (await import('./xnn/clients.js')).SIGNING_KEY_ROTATE,
  ],
  'admin webhook secret': [
    'shows what a webhook is signed with',
    async () => (await import('./xnn/admin.js')).WEBHOOK_SECRET,
  ],
  'admin unlock': ['has the face of a subject asked again', async () => (await import('./xnn/admin.js')).UNLOCK],
  'admin reseal': ['seals everything with a new data key', async () => (await import('./xnn/admin.js')).RESEAL],
  'admin rekey': ['changes the master key', async () => (await import('./xnn/admin.js')).REKEY],
  'admin backup': ['writes a backup', async () => (await import('./xnn/admin.js')).BACKUP],
  'admin restore': ['fills an empty database with a backup', async () => (await import('./xnn/admin.js')).RESTORE],
  'audit verify': ['checks the chain of an audit log', async () => (await import('./xnn/audit.js')).AUDIT_VERIFY],
  'audit export': ['prints an audit log', async () => (await import('./xnn/audit.js')).AUDIT_EXPORT],
};

/** A line for each of these commands. */
function listed(names: readonly string[]): string {
  return names.map((name) => `  xnn ${name.padEnd(26)}${COMMANDS[name]![0]}`).join('\n');
}

const HELP = `For the owner of pictures, who has a face recogniser trained in a cloud that sees no face: what has to do with faces and keys runs on
this machine, and only the bundle and what the cloud made of it leave it. And for the operator of a server: admin and audit.

${listed(Object.keys(COMMANDS))}

Each explains itself with --help; most print their result as JSON with --json.

Examples
  npx xnn keygen --out keys/faces.key
  npx xnn protect --images faces --key keys/faces.key --out faces.bundle
  npx xnn bundle info --bundle faces.bundle
  npx xnn train --bundle faces.bundle --cloud https://cloud.example --out recnet.onnx
  npx xnn evaluate --tail recnet.onnx --key keys/faces.key --images others --json > calibration.json
  npx xnn deploy --tail recnet.onnx --key keys/faces.key --calibration calibration.json --cloud https://cloud.example
`;

async function run(args: string[]): Promise<void> {
  if (args.length === 0 || args[0] === '--help' || args[0] === '-h') return console.log(HELP);
  const name = Object.keys(COMMANDS).find((candidate) => `${args.join(' ')} `.startsWith(`${candidate} `));
  if (name === undefined) {
    const words = args.filter((arg) => !arg.startsWith('-')).join(' ');
    const group = Object.keys(COMMANDS).filter((candidate) => candidate.startsWith(`${words} `));
    if (group.length > 0) return console.log(listed(group));
    throw new XnnError('request_invalid', `there is no command ${words || args[0]} (see xnn --help)`);
  }
  const [, load] = COMMANDS[name]!;
  const command = await load();
  const rest = args.slice(name.split(' ').length);
  if (rest.includes('--help') || rest.includes('-h')) return console.log(command.help);
  await command.run(rest);
}

/**
 * Runs a command line. An error becomes its code and its sentence, on stdout as JSON for who asked for that.
 *
 * @param args what follows `xnn`
 * @returns the exit status
 */
export async function xnn(args: string[]): Promise<number> {
  try {
    await run(args);
    return 0;
  } catch (error) {
    const code = error instanceof XnnError && isErrorCode(error.code) ? error.code : 'internal';
    // Errors without a class or a code tell the operator what to do; others are told with where they come from.
    const forOperator = error instanceof Error && error.name === 'Error' && !('code' in error) ? error.message : null;
    const message = forOperator ?? sentence(code);
    if (args.includes('--json')) console.log(JSON.stringify({ error: { code, message } }));
    if (error instanceof XnnError) console.error(printable(`${message} (${error.message})`));
    else console.error(forOperator ?? error);
    return 1;
  }
}
