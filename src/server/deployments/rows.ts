import type { z } from 'zod';
import { deploymentRequestSchema } from '../../wire/deployment.js';
import type { Driver } from '../drivers.js';

/** One of before there were proofs has none. */
const storedSchema = deploymentRequestSchema.extend({
  proof: deploymentRequestSchema.shape.proof.nullable().default(null),
});
export type StoredRequest = z.infer<typeof storedSchema>;

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
  readonly request: StoredRequest;
  readonly live: boolean;
  readonly createdAt: Date;
}

/** Deployments in SQL. */
export interface DeploymentRows {
  /** It is not live yet. False, and nothing changes, if there are `most` already. */
  add(deployment: Omit<DeploymentRow, 'live'>, most: number): Promise<boolean>;
  find(gallery: Uint8Array): Promise<DeploymentRow | null>;
  /** All that answer to a key, the latest first. */
  ofKey(fingerprint: string): Promise<readonly DeploymentRow[]>;
  goLive(gallery: Uint8Array): Promise<void>;
  remove(gallery: Uint8Array): Promise<void>;
  /** It is not live any more. */
  retire(gallery: Uint8Array): Promise<void>;
  /** Galleries of all that were made before `then` and are not live. */
  abandoned(then: Date): Promise<readonly Uint8Array[]>;
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
    add: ({ gallery, tenant, tokenHash, model, request, createdAt }, most) =>
      driver.transaction(async (connection) => {
        // Nobody adds another between counting and adding.
        await connection.query('LOCK TABLE deployments IN SHARE ROW EXCLUSIVE MODE');
        const added = await connection.query(
          `INSERT INTO deployments (gallery, tenant, token_hash, model, request, live, key, created_at)
           SELECT $1::bytea, $2::bytea, $3::bytea, $4::bytea, $5, false, $6, $7::timestamptz
           WHERE (SELECT count(*) FROM deployments) < $8::float8 RETURNING gallery`,
          [gallery, tenant, tokenHash, model, JSON.stringify(request), request.key, createdAt, most],
        );
        return added.length === 1;
      }),
    find: async (gallery) => (await select('WHERE gallery = $1', [gallery]))[0] ?? null,
    ofKey: (fingerprint) => select('WHERE key = $1 AND live ORDER BY created_at DESC, gallery', [fingerprint]),
    async goLive(gallery) {
      await driver.query('UPDATE deployments SET live = true WHERE gallery = $1', [gallery]);
    },
    async remove(gallery) {
      await driver.query('DELETE FROM deployments WHERE gallery = $1', [gallery]);
    },
    async retire(gallery) {
      await driver.query('UPDATE deployments SET live = false WHERE gallery = $1', [gallery]);
    },
    async abandoned(then) {
      const found = await driver.query<{ gallery: Uint8Array }>(
        'SELECT gallery FROM deployments WHERE NOT live AND created_at < $1',
        [then],
      );
      return found.map(({ gallery }) => Uint8Array.from(gallery));
    },
  };
}

function asRow({ gallery, tenant, token_hash, model, request, live, created_at }: Stored): DeploymentRow {
  return {
    gallery: Uint8Array.from(gallery),
    tenant: Uint8Array.from(tenant),
    tokenHash: Uint8Array.from(token_hash),
    model: Uint8Array.from(model),
    request: storedSchema.parse(JSON.parse(request)),
    live,
    createdAt: new Date(created_at),
  };
}
