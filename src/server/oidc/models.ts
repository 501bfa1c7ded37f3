import { errors, type Adapter, type AdapterPayload } from 'oidc-provider';
import type { Driver } from '../drivers.js';
import { sha256 } from '../sha256.js';

/**
 * What oidc-provider keeps for some minutes (interactions, codes, tokens, grants), by model. Ids of these are what their bearers show, so only
 * hashes of them are stored.
 */
export function modelStore(driver: Driver, model: string): Adapter {
  return {
    async upsert(id, payload, seconds = 0) {
      const now = Date.now();
      await driver.query('DELETE FROM oidc_models WHERE expires_at <= $1', [new Date(now)]);
      await driver.query(
        `INSERT INTO oidc_models (model, id_hash, uid, grant_id, payload, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (model, id_hash) DO UPDATE SET payload = $5, expires_at = $6`,
        [
          model,
          sha256(id),
          payload.uid ?? null,
          payload.grantId ?? null,
          JSON.stringify({ ...payload, jti: undefined }),
          new Date(now + 1000 * seconds),
        ],
      );
    },

    async find(id) {
      const [row] = await driver.query<ModelRow>(
        'SELECT payload, is_consumed FROM oidc_models WHERE model = $1 AND id_hash = $2',
        [model, sha256(id)],
      );
      return row && { ...payloadOf(row), jti: id };
    },

    async findByUid(uid) {
      const [row] = await driver.query<ModelRow>(
        'SELECT payload, is_consumed FROM oidc_models WHERE model = $1 AND uid = $2',
        [model, uid],
      );
      return row && payloadOf(row);
    },

    async findByUserCode() {
      // Of the device flow, which is not offered.
    },

    async consume(id) {
      const consumed = await driver.query(
        'UPDATE oidc_models SET is_consumed = true WHERE model = $1 AND id_hash = $2 AND NOT is_consumed RETURNING 1',
        [model, sha256(id)],
      );
      // Of many at once, one gets through.
      if (consumed.length === 0) throw new errors.InvalidGrant('already consumed');
    },

    async destroy(id) {
      await driver.query('DELETE FROM oidc_models WHERE model = $1 AND id_hash = $2', [model, sha256(id)]);
    },

    async revokeByGrantId(grantId) {
      await driver.query('DELETE FROM oidc_models WHERE model = $1 AND grant_id = $2', [model, grantId]);
    },
  };
}

interface ModelRow {
  readonly payload: string;
  readonly is_consumed: boolean;
}

function payloadOf({ payload, is_consumed }: ModelRow): AdapterPayload {
  return { ...(JSON.parse(payload) as AdapterPayload), ...(is_consumed && { consumed: true }) };
}
