import { randomBytes } from 'node:crypto';
import { XnnError } from '../../core/errors.js';
import { toHex } from '../../wire/hex.js';
import type { Act, AuditAction, AuditLog } from '../audit/audit.js';
import type { Connection, Driver } from '../drivers.js';
import type { Keyring } from '../keyring/keyring.js';

/** A relying party that the operator registered, without its secret. */
export interface Client {
  /** 16 hexadecimal digits, no secret. */
  readonly id: string;
  /** As people are shown it. */
  readonly name: string;
  /** Of one host. */
  readonly redirectUris: readonly string[];
  /** Refuses logins by recovery code, whatever a request says. */
  readonly faceOnly: boolean;
  readonly createdAt: Date;
}

export type NewClient = Pick<Client, 'name' | 'redirectUris' | 'faceOnly'>;

export interface Clients {
  /** @returns the secret, which only `find` tells again. @throws request_invalid */
  create(client: NewClient, act: Act): Promise<{ readonly id: string; readonly secret: string }>;
  list(): Promise<readonly Client[]>;
  find(id: string): Promise<(Client & { readonly secret: string }) | null>;
  /** False if there is no such client. */
  remove(id: string, act: Act): Promise<boolean>;
}

const SECRET_BYTES = 32;
const ID = /^[0-9a-f]{16}$/;

/** @param tenant the login's, in whose log it is written */
export function openClients(driver: Driver, keyring: Keyring, audit: AuditLog, tenant: Uint8Array): Clients {
  const secretName = (id: string) => `oidc client ${id}`;
  const secretOf = async (id: string) => toHex(await keyring.secret(secretName(id), () => randomBytes(SECRET_BYTES)));
  const note = (connection: Connection, act: Act, action: AuditAction, id: string) =>
    audit.within(connection, { ...act, tenant, action, object: id, outcome: 'done' });

  return {
    async create(client, act) {
      const { name, redirectUris, faceOnly } = client;
      checkRedirectUris(redirectUris);
      const id = toHex(randomBytes(8));
      const secret = await secretOf(id);
      await driver.transaction(async (connection) => {
        await connection.query(
          'INSERT INTO oidc_clients (id, name, redirect_uris, face_only, created_at) VALUES ($1, $2, $3, $4, $5)',
          [id, name, JSON.stringify(redirectUris), faceOnly, act.at],
        );
        await note(connection, act, 'client.create', id);
      });
      return { id, secret };
    },

    async list() {
      const rows = await driver.query<ClientRow>('SELECT * FROM oidc_clients ORDER BY created_at, id');
      return rows.map(clientOf);
    },

    async find(id) {
      if (!ID.test(id)) return null;
      const [row] = await driver.query<ClientRow>('SELECT * FROM oidc_clients WHERE id = $1', [id]);
      return row === undefined ? null : { ...clientOf(row), secret: await secretOf(id) };
    },

    async remove(id, act) {
      const removed = await driver.transaction(async (connection) => {
        const rows = await connection.query('DELETE FROM oidc_clients WHERE id = $1 RETURNING id', [id]);
        if (rows.length === 0) return false;
        await note(connection, act, 'client.remove', id);
        return true;
      });
      if (removed) await keyring.forgetSecret(secretName(id));
      return removed;
    },
  };
}

interface ClientRow {
  readonly id: string;
  readonly name: string;
  readonly redirect_uris: string;
  readonly face_only: boolean;
  readonly created_at: Date;
}

function clientOf({ id, name, redirect_uris, face_only, created_at }: ClientRow): Client {
  return {
    id,
    name,
    redirectUris: JSON.parse(redirect_uris) as string[],
    faceOnly: face_only,
    createdAt: created_at,
  };
}

/** HTTPS, or this machine; as it stands, so without *; one host, which a client's pairwise subjects belong to. @throws request_invalid */
function checkRedirectUris(uris: readonly string[]): void {
  const urls = uris.map((uri) => (URL.canParse(uri) ? new URL(uri) : null));
  const good = urls.every(
    (url) =>
      url !== null &&
      url.hash === '' &&
      !url.href.includes('*') &&
      (url.protocol === 'https:' || (url.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname))),
  );
  if (!good)
    throw new XnnError(
      'request_invalid',
      'a redirect URI is https://…, or http:// on localhost, without a fragment or *',
    );
  if (new Set(urls.map((url) => url?.host)).size !== 1) {
    throw new XnnError('request_invalid', 'redirect URIs of one host are needed');
  }
}
