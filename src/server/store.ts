import { unit, type Embedding } from '../core/match.js';
import { gaussian, type RandomBytes } from '../core/random.js';
import { EMBEDDING_SIZE } from '../core/spec.js';
import type { Served } from '../protocol/recognise.js';
import { openAuditLog, type Act, type AuditEvent, type AuditLog } from './audit/audit.js';
import { batched } from './batch.js';
import { lockTenant, valuesOf, type Connection, type Driver } from './drivers.js';
import { openKeyring, type Keyring } from './keyring/keyring.js';
import type { MasterKey } from './keyring/master.js';
import { openLimiter, type Limiter } from './limits/limiter.js';
import { migrate, RECEIPT_BYTES } from './migrations.js';
import { toHex } from '../wire/hex.js';
import { openEmbedding, openGalleries, sealEmbedding } from './templates.js';
import { openTenants, type Tenants } from './tenants/tenants.js';

/** What is kept of a subject. A template is worthless without the model that made it, so they are stored together. */
export interface Template extends Served {
  readonly subject: string;
  readonly embedding: Embedding;
  /** SHA-256, 32 bytes. */
  readonly receiptHash: Uint8Array;
  readonly createdAt: Date;
}

/** What is read instead of a template that does not exist. */
export type Decoy = Pick<Template, 'embedding' | 'receiptHash'>;

/** What an unknown subject is compared with. */
export function decoy(random: RandomBytes): Decoy {
  return { embedding: unit(gaussian(EMBEDDING_SIZE, random)), receiptHash: random(RECEIPT_BYTES) };
}

/** What may be shown of a template to who administers its tenant. */
export type Listed = Pick<Template, 'subject' | 'model' | 'createdAt'>;

export interface Found extends Decoy {
  /** False when this is the decoy. */
  readonly known: boolean;
}

/** Templates and challenges, and the stores of everything else. Knows neither thresholds nor clocks; every write is whole or not there at all. */
export interface Store {
  readonly tenants: Tenants;
  readonly limiter: Limiter;
  readonly audit: AuditLog;
  readonly keyring: Keyring;
  /** For stores of other rooms. */
  readonly driver: Driver;
  /** Keeps a challenge until it is taken, and forgets all that had expired by `now`. */
  addChallenge(tenant: Uint8Array, challenge: Uint8Array, now: Date, expiresAt: Date): Promise<void>;
  /** True once for every challenge of the tenant that has not expired by `now`, however many ask at once. */
  takeChallenge(tenant: Uint8Array, challenge: Uint8Array, now: Date): Promise<boolean>;
  /** False, and nothing changes, if the tenant has a subject of that name, of whatever model. */
  addTemplate(template: Template, actor: string): Promise<boolean>;
  /** The subject's template of this model, or the decoy, by the same work. */
  findTemplate(served: Served, subject: string, decoy: Decoy): Promise<Found>;
  /** The subject's receipt, whatever the model, or the decoy, by the same work. */
  findReceipt(tenant: Uint8Array, subject: string, decoy: Uint8Array): Promise<Uint8Array>;
  /** The template of this tenant and model with the largest cosine; null without any. */
  nearest(served: Served, embedding: Embedding): Promise<Pick<Template, 'subject' | 'embedding'> | null>;
  /** At most `most` subjects by name, after `after` if it is named; those whose name holds a text of either case, if one is named. */
  list(tenant: Uint8Array, most: number, after?: string, part?: string): Promise<readonly Listed[]>;
  count(tenant: Uint8Array): Promise<number>;
  /** Deletes all there is of a tenant's subjects. */
  removeGallery(tenant: Uint8Array): Promise<void>;
  /** Deletes all there is of a subject: if the receipt is still his, or whatever it is when null. False if it is not, or nothing is there. */
  removeSubject(tenant: Uint8Array, subject: string, receiptHash: Uint8Array | null, act: Act): Promise<boolean>;
  /** Deletes templates that are older than their tenant keeps them. @returns how many */
  sweep(act: Act): Promise<number>;
  /** Seals every template with a new data key, and forgets the old keys. Other processes may go on meanwhile. @returns how many */
  reseal(): Promise<number>;
  /** Rejects when the database is away. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** The store in SQL, which owns the driver from now on. Brings the tables up to date first. @throws master_key_wrong */
export async function openStore(driver: Driver, master: MasterKey): Promise<Store> {
  try {
    await migrate(driver, master);
    return createStore(driver, await openKeyring(driver, master));
  } catch (error) {
    await driver.close();
    throw error;
  }
}

function createStore(driver: Driver, keyring: Keyring): Store {
  const galleries = openGalleries(driver, keyring);
  const audit = openAuditLog(driver);
  const limiter = openLimiter(driver, keyring);
  const addChallenge = batched((challenges: readonly NewChallenge[]) => addChallenges(driver, challenges));
  const takeChallenge = batched((challenges: readonly ShownChallenge[]) => takeChallenges(driver, challenges));
  const findTemplate = batched((wanted: readonly WantedTemplate[]) => findTemplates(driver, wanted));
  /** Deletes some of a tenant's templates that are older. A part at a time: nothing else of the tenant is done meanwhile. @returns whose */
  function expire(tenant: Uint8Array, before: Date, act: Act): Promise<readonly string[]> {
    return driver.transaction(async (connection) => {
      await lockTenant(connection, tenant);
      const rows = await connection.query<{ subject: string }>(
        `DELETE FROM templates WHERE tenant = $1 AND subject IN
           (SELECT subject FROM templates WHERE tenant = $1 AND created_at < $2 LIMIT $3) RETURNING subject`,
        [tenant, before, MOST_EXPIRED],
      );
      const events = rows.map(({ subject }): AuditEvent => {
        return { ...act, tenant, action: 'expire', object: keyring.pseudonym(tenant, subject), outcome: 'done' };
      });
      await audit.within(connection, ...events);
      return rows.map(({ subject }) => subject);
    });
  }

  return {
    tenants: openTenants(driver, audit),
    limiter,
    audit,
    keyring,
    driver,

    addChallenge: (tenant, id, now, expiresAt) => addChallenge({ tenant, id, now, expiresAt }),

    takeChallenge: (tenant, id, now) => takeChallenge({ tenant, id, now }),

    addTemplate: (template, actor) =>
      driver.transaction(async (connection) => {
        const added = await insertTemplate(connection, keyring, template);
        if (added) {
          const { tenant, subject, createdAt: at } = template;
          const object = keyring.pseudonym(tenant, subject);
          await audit.within(connection, { tenant, actor, at, action: 'enrol', object, outcome: 'done' });
        }
        return added;
      }),

    async findTemplate({ tenant, model }, subject, decoy) {
      const owner = { tenant, model, subject };
      // Opening costs the same whichever it is.
      const instead = sealEmbedding(keyring, owner, decoy.embedding);
      const row = await findTemplate({ ...owner, instead, receiptHash: decoy.receiptHash });
      const embedding = await openEmbedding(keyring, owner, row.sealed);
      return { known: row.known, embedding, receiptHash: row.receipt_hash };
    },

    async findReceipt(tenant, subject, decoy) {
      const [row] = await driver.query<{ receipt_hash: Uint8Array }>(
        `SELECT coalesce(t.receipt_hash, $3::bytea) AS receipt_hash
         FROM (SELECT) AS always LEFT JOIN templates t ON t.tenant = $1 AND t.subject = $2`,
        [tenant, subject, decoy],
      );
      if (row === undefined) throw new Error('a left join on one row gave none');
      return row.receipt_hash;
    },

    nearest: (served, embedding) => galleries.of(served).nearest(embedding),

    async list(tenant, most, after = '', part = '') {
      const rows = await driver.query<{ subject: string; model: Uint8Array; created_at: Date }>(
        `SELECT subject, model, created_at FROM templates
         WHERE tenant = $1 AND subject > $2 AND strpos(lower(subject), lower($3)) > 0 ORDER BY subject LIMIT $4`,
        [tenant, after, part, most],
      );
      return rows.map(({ subject, model, created_at }) => ({ subject, model, createdAt: created_at }));
    },

    async count(tenant) {
      const sql = 'SELECT count(*)::int AS count FROM templates WHERE tenant = $1';
      return (await driver.query<{ count: number }>(sql, [tenant]))[0]?.count ?? 0;
    },

    async removeSubject(tenant, subject, receiptHash, act) {
      const removed = await driver.transaction(async (connection) => {
        // First, as who enrols does: each would wait for the other.
        await lockTenant(connection, tenant);
        const rows = await connection.query(
          `DELETE FROM templates WHERE tenant = $1 AND subject = $2 AND ($3::bytea IS NULL OR receipt_hash = $3)
           RETURNING subject`,
          [tenant, subject, receiptHash],
        );
        if (rows.length === 0) return false;
        const object = keyring.pseudonym(tenant, subject);
        await audit.within(connection, { ...act, tenant, action: 'remove', object, outcome: 'done' });
        return true;
      });
      if (removed) galleries.forget(tenant, subject);
      return removed;
    },

    async sweep(act) {
      const kept = (await openTenants(driver, audit).list()).filter(({ retentionDays }) => retentionDays !== null);
      let count = 0;
      for (const { id: tenant, retentionDays } of kept) {
        const before = new Date(act.at.getTime() - retentionDays! * DAY);
        for (;;) {
          const subjects = await expire(tenant, before, act);
          await limiter.forgive(
            driver,
            subjects.map((subject) => ({ tenant, subject })),
          );
          count += subjects.length;
          if (subjects.length < MOST_EXPIRED) break;
        }
      }
      // What other processes removed goes too.
      galleries.clear();
      return count;
    },

    async reseal() {
      const id = await keyring.renew();
      let count = 0;
      const galleries = await driver.query<{ tenant: Uint8Array }>('SELECT DISTINCT tenant FROM templates');
      for (const { tenant } of galleries) {
        count += await driver.transaction((connection) => resealTenant(connection, keyring, tenant));
      }
      await keyring.retire(id);
      return count;
    },

    async removeGallery(tenant) {
      await driver.query('DELETE FROM templates WHERE tenant = $1', [tenant]);
      galleries.clear();
    },

    async check() {
      await driver.query('SELECT 1');
    },

    close: () => driver.close(),
  };
}

const DAY = 86_400_000;
const MOST_EXPIRED = 1_000;

interface ShownChallenge {
  readonly tenant: Uint8Array;
  readonly id: Uint8Array;
  readonly now: Date;
}

interface NewChallenge extends ShownChallenge {
  readonly expiresAt: Date;
}

async function addChallenges(driver: Driver, challenges: readonly NewChallenge[]): Promise<readonly void[]> {
  const now = challenges[0]!.now;
  const rows = challenges.map(({ id, tenant, expiresAt }) => [id, tenant, expiresAt]);
  const { sql, parameters } = valuesOf(['bytea', 'bytea', 'timestamptz'], rows);
  await driver.query(
    `WITH gone AS (DELETE FROM challenges WHERE expires_at <= $${parameters.length + 1})
     INSERT INTO challenges (id, tenant, expires_at) ${sql}`,
    [...parameters, now],
  );
  return challenges.map(() => undefined);
}

/** @returns of each, whether it was there: of equal ones, the first alone gets it */
async function takeChallenges(driver: Driver, shown: readonly ShownChallenge[]): Promise<readonly boolean[]> {
  const { sql, parameters } = valuesOf(
    ['bytea', 'bytea', 'timestamptz'],
    shown.map(({ id, tenant, now }) => [id, tenant, now]),
  );
  // Locked in one order, so that two processes never wait for each other.
  const rows = await driver.query<{ id: Uint8Array; tenant: Uint8Array }>(
    `DELETE FROM challenges USING (
       SELECT c.id FROM challenges c JOIN (${sql}) AS shown (id, tenant, now)
         ON c.id = shown.id AND c.tenant = shown.tenant AND c.expires_at > shown.now
       ORDER BY c.id FOR UPDATE OF c
     ) AS there WHERE challenges.id = there.id RETURNING challenges.id, challenges.tenant`,
    parameters,
  );
  const taken = new Set(rows.map(({ id, tenant }) => toHex(tenant) + toHex(id)));
  return shown.map(({ id, tenant }) => taken.delete(toHex(tenant) + toHex(id)));
}

interface WantedTemplate extends Served {
  readonly subject: string;
  /** What is read instead of one that is not there. */
  readonly instead: Uint8Array;
  readonly receiptHash: Uint8Array;
}

interface FoundTemplate {
  readonly known: boolean;
  readonly sealed: Uint8Array;
  readonly receipt_hash: Uint8Array;
}

async function findTemplates(driver: Driver, wanted: readonly WantedTemplate[]): Promise<readonly FoundTemplate[]> {
  const { sql, parameters } = valuesOf(
    ['int', 'bytea', 'text', 'bytea', 'bytea', 'bytea'],
    wanted.map(({ tenant, subject, model, instead, receiptHash }, i) => [
      i,
      tenant,
      subject,
      model,
      instead,
      receiptHash,
    ]),
  );
  return driver.query<FoundTemplate>(
    `SELECT t.subject IS NOT NULL AS known,
            coalesce(t.sealed, w.instead) AS sealed,
            coalesce(t.receipt_hash, w.receipt_hash) AS receipt_hash
     FROM (${sql}) AS w (i, tenant, subject, model, instead, receipt_hash)
     LEFT JOIN templates t ON t.tenant = w.tenant AND t.subject = w.subject AND t.model = w.model ORDER BY w.i`,
    parameters,
  );
}

/** One template, in a transaction of the caller's. False if the name is taken. */
export async function insertTemplate(connection: Connection, keyring: Keyring, template: Template): Promise<boolean> {
  const { tenant, subject, model, embedding, receiptHash, createdAt } = template;
  // Galleries read by `seq`: it must become visible in its order.
  await lockTenant(connection, tenant);
  await keyring.refresh(connection);
  const added = await connection.query(
    `INSERT INTO templates (tenant, subject, model, sealed, receipt_hash, created_at)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING subject`,
    [tenant, subject, model, sealEmbedding(keyring, template, embedding), receiptHash, createdAt],
  );
  return added.length === 1;
}

async function resealTenant(connection: Connection, keyring: Keyring, tenant: Uint8Array): Promise<number> {
  await keyring.refresh(connection);
  // What others write meanwhile, they seal with the new key.
  const rows = await connection.query<{ subject: string; model: Uint8Array; sealed: Uint8Array }>(
    'SELECT subject, model, sealed FROM templates WHERE tenant = $1 ORDER BY subject FOR UPDATE',
    [tenant],
  );
  for (const { subject, model, sealed } of rows) {
    const owner = { tenant, subject, model };
    await connection.query('UPDATE templates SET sealed = $3 WHERE tenant = $1 AND subject = $2', [
      tenant,
      subject,
      sealEmbedding(keyring, owner, await openEmbedding(keyring, owner, sealed)),
    ]);
  }
  return rows.length;
}
