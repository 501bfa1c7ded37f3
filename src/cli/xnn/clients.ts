import { parseArgs } from 'node:util';
import { XnnError } from '../../core/errors.js';
import { openClients, type Clients } from '../../server/oidc/clients.js';
import { rotateKeys } from '../../server/oidc/keys.js';
import { LOGIN_TENANT } from '../../server/serve.js';
import { parsed } from '../command.js';
import { act, nameOf, WHERE, withStore } from './admin.js';
import { print, required, type Command } from './command.js';

function withClients<T>(work: (clients: Clients) => Promise<T>, mayBeNew?: boolean): Promise<T> {
  return withStore(({ driver, keyring, audit }) => work(openClients(driver, keyring, audit, LOGIN_TENANT)), mayBeNew);
}

const string = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

export const CLIENT_CREATE: Command = {
  help: `Registers a client of the OpenID Connect provider, whose secret is shown this once.

  xnn admin client create --name NAME --redirect-uri ADDRESS … [--face-only] [--json]

  --name NAME            as people are shown it when they log in
  --redirect-uri ADDRESS where the client takes them back, https or on localhost; may be given several times, for one host
  --face-only            refuses logins by recovery code

${WHERE}

Example
  npx xnn admin client create --name Grafana --redirect-uri https://grafana.example.com/login/generic_oauth --face-only
`,
  async run(args) {
    const redirect = { type: 'string', multiple: true } as const;
    const options = { name: string, 'redirect-uri': redirect, 'face-only': flag, json: flag };
    const { values } = parsed(() => parseArgs({ args, options }));
    const name = nameOf('--name', values.name);
    const redirectUris = values['redirect-uri'] ?? [];
    required('--redirect-uri', redirectUris[0]);
    const client = { name, redirectUris, faceOnly: values['face-only'] };
    const made = await withClients((clients) => clients.create(client, act()), true);
    print(made, { 'Client ID': made.id, 'Client secret': made.secret }, values.json);
  },
};

export const CLIENT_LIST: Command = {
  help: `Lists the clients of the OpenID Connect provider, without their secrets.

  xnn admin client list [--json]

${WHERE}
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { json: flag } }));
    const clients = await withClients((all) => all.list());
    const lines = clients.map(({ id, name, redirectUris, faceOnly }) => [
      id,
      `${name}, ${redirectUris.join(' ')}${faceOnly ? ', face only' : ''}`,
    ]);
    print(clients, Object.fromEntries(lines) as Record<string, string>, values.json);
  },
};

export const CLIENT_DELETE: Command = {
  help: `Deletes a client of the OpenID Connect provider, at once.

  xnn admin client delete --client ID

${WHERE}
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { client: string } }));
    const id = required('--client', values.client);
    if (!(await withClients((clients) => clients.remove(id, act())))) throw new XnnError('client_missing', id);
  },
};

export const SIGNING_KEY_ROTATE: Command = {
  help: `Has the next key sign what clients are told, and makes another next one; the keys of cookies too. Then start the servers again. The
key before stays accepted until the next rotation: after a theft, rotate three times.

  xnn admin signing-key rotate

${WHERE}
`,
  async run(args) {
    parsed(() => parseArgs({ args, options: {} }));
    await withStore(async ({ keyring, audit }) => {
      await rotateKeys(keyring);
      const event = { action: 'signing_key.rotate', object: null, outcome: 'done' } as const;
      await audit.append({ ...act(), tenant: LOGIN_TENANT, ...event });
    });
  },
};
