import { deploymentRequestSchema, type DeploymentRequest } from '../../wire/deployment.js';
import type { Driver } from '../drivers.js';

/** What the database keeps of a deployment; its tail is a file. */
export interface DeploymentRow {
  /** 16 bytes, which name the deployment and stand for a tenant in the store. */
  readonly gallery: Uint8Array;
  /** Whose deployment it is. */
  readonly tenant: Uint8Array;
  /** SHA-256, 32 bytes. */
  readonly tokenHash: Uint8Array;
  /** 8 bytes. */
  readonly model: Uint8Array;
  readonly request: DeploymentRequest;
  readonly live: boolean;
  readonly createdAt: Date;
}

/** Deployments in SQL. */
export interface DeploymentRows {
  /** It is not live yet. */
  add(deployment: Omit<DeploymentRow, 'live'>): Promise<void>;
  find(gallery: Uint8Array): Promise<DeploymentRow | null>;
  /** All that answer to a key, the latest first. */
  ofKey(fingerprint: string): Promise<readonly DeploymentRow[]>;
  goLive(gallery: Uint8Array): Promise<void>;
  remove(gallery: Uint8Array): Promise<void>;
  count(): Promise<number>;
}

interface Stored {
  gallery: Uint8Array;
  tenant: Uint8Array;
  token_hash: Uint8Array;
  model: Uint8Array;
  request: string;
  live: boolean;
  created_at: Date;
}

export function deploymentRows(driver: Driver): DeploymentRows {
  const select = async (rest: string, parameters: readonly (string | Uint8Array)[]) =>
    (await driver.query<Stored>(`SELECT * FROM deployments ${rest}`, parameters)).map(asRow);
  return {
    async add({ gallery, tenant, tokenHash, model, request, createdAt }) {
      await driver.query(
        `INSERT INTO deployments (gallery, tenant, token_hash, model, request, live, key, created_at)
         VALUES ($1, $2, $3, $4, $5, false, $6, $7)`,
        [gallery, tenant, tokenHash, model, JSON.stringify(request), request.key, createdAt],
      );
    },
    find: async (gallery) => (await select('WHERE gallery = $1', [gallery]))[0] ?? null,
    ofKey: (fingerprint) => select('WHERE key = $1 AND live ORDER BY created_at DESC, gallery', [fingerprint]),
    async goLive(gallery) {
      await driver.query('UPDATE deployments SET live = true WHERE gallery = $1', [gallery]);
    },
    async remove(gallery) {
      await driver.query('DELETE FROM deployments WHERE gallery = $1', [gallery]);
    },
    async count() {
      const [row] = await driver.query<{ count: number }>('SELECT count(*)::int AS count FROM deployments');
      return row?.count ?? 0;
    },
  };
}

function asRow({ gallery, tenant, token_hash, model, request, live, created_at }: Stored): DeploymentRow {
  return {
    gallery: Uint8Array.from(gallery),
    tenant: Uint8Array.from(tenant),
    tokenHash: Uint8Array.from(token_hash),
    model: Uint8Array.from(model),
    request: deploymentRequestSchema.parse(JSON.parse(request)),
    live,
    createdAt: new Date(created_at),
  };
}
