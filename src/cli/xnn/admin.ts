import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { XnnError } from '../../core/errors.js';
import { writing } from '../../owner/files.js';
import { configuration } from '../../server/configuration.js';
import { openEmbedded, openPostgres, type Driver } from '../../server/drivers.js';
import { changeMaster } from '../../server/keyring/keyring.js';
import { loadMaster } from '../../server/keyring/master.js';
import { migrate } from '../../server/migrations.js';
import { backUp, restore } from '../../server/operations/backup.js';
import { webhookSecret } from '../../server/operations/webhooks.js';
import { openDatabase, unusable, type ServerConfig } from '../../server/serve.js';
import type { Store } from '../../server/store.js';
import { webhookAddress } from '../../server/tenants/routes.js';
import { grantedScopes, type Tenant, type TenantSettings } from '../../server/tenants/tenants.js';
import { ROLES, SCOPES, TENANT_MODES } from '../../wire/admin.js';
import { SUBJECT_PATTERN } from '../../wire/api.js';
import { toHex } from '../../wire/hex.js';
import { oneOf, parsed } from '../command.js';
import { print, required, type Command } from './command.js';

const DAY = 86_400_000;
export const WHERE = `Works on the database that the server's environment names (DATA_DIR or DATABASE_URL, MASTER_KEY or KEY_FILE). The embedded
database is one process's at a time: stop the server first.`;

/** The operator's own doing. */
export const act = () => ({ actor: 'operator', at: new Date() });
const noLog = (): void => undefined;

/** Does something with the database itself, before anything is read from it. */
async function withDriver<T>({ databaseUrl, dataDir }: ServerConfig, work: (driver: Driver) => Promise<T>): Promise<T> {
  const driver = databaseUrl === undefined ? await openEmbedded(dataDir) : openPostgres(databaseUrl, noLog);
  try {
    if (databaseUrl !== undefined) await driver.query('SELECT 1').catch(unusable);
    return await work(driver);
  } finally {
    await driver.close();
  }
}

/**
 * Opening makes what is missing. Where an address or folder is mistyped, or not named, that would be an empty database, which a backup
 * takes the place of the true one's backups for.
 *
 * @throws database_missing
 */
async function mustBeThere({ databaseUrl, dataDir }: ServerConfig): Promise<void> {
  if (databaseUrl === undefined) {
    const there = await stat(join(dataDir, 'postgres')).catch(() => null);
    if (there === null) throw new XnnError('database_missing', `no folder postgres in ${resolve(dataDir)}`);
    return;
  }
  const driver = openPostgres(databaseUrl, noLog);
  try {
    // Where it does not answer, opening it says why.
    const rows = await driver
      .query<{ there: boolean }>("SELECT to_regclass('migrations') IS NOT NULL AS there")
      .catch(() => []);
    if (rows[0]?.there === false) throw new XnnError('database_missing', 'that of DATABASE_URL has no tables');
  } finally {
    await driver.close();
  }
}

/**
 * Does something with the store of the server's environment.
 *
 * @param mayBeNew whether it may be made for this, before a server ever ran over it
 * @throws database_missing
 */
export async function withStore<T>(work: (store: Store) => Promise<T>, mayBeNew: boolean = false): Promise<T> {
  const config = configuration(process.env);
  if (!mayBeNew) await mustBeThere(config);
  const store = await openDatabase(config, noLog, mayBeNew);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** A name that is given, of the form that the API takes. @throws request_invalid */
export function nameOf(option: string, value: string | undefined): string {
  const name = required(option, value).normalize('NFC');
  if (SUBJECT_PATTERN.test(name)) return name;
  throw new XnnError('request_invalid', `${option} is 1 to 64 letters, digits, spaces or . _ - @ ' characters`);
}

/** @throws tenant_missing */
export async function tenantOf(store: Store, name: string | undefined): Promise<Tenant> {
  const wanted = required('--tenant', name).normalize('NFC');
  const tenant = (await store.tenants.list()).find((candidate) => candidate.name.normalize('NFC') === wanted);
  if (tenant === undefined) throw new XnnError('tenant_missing', wanted);
  return tenant;
}

const string = { type: 'string' } as const;
const json = { type: 'boolean', default: false } as const;

export const TENANT_CREATE: Command = {
  help: `Makes a tenant, and its first key, an owner's, which is shown this once.

  xnn admin tenant create --tenant NAME [--json]

${WHERE}
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { tenant: string, json } }));
    const name = nameOf('--tenant', values.tenant);
    await withStore(async ({ tenants }) => {
      const { tenant, key } = await tenants.create(name, act());
      const id = toHex(tenant);
      print({ tenant: name, id, key }, { Tenant: name, Id: id, 'Owner’s key': key }, values.json);
    }, true);
  },
};

export const TENANT_LIST: Command = {
  help: `Lists tenants and their settings.

  xnn admin tenant list [--json]

${WHERE}
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { json } }));
    const tenants = await withStore((store) => store.tenants.list());
    const shown = tenants.map(({ id, ...tenant }) => ({ id: toHex(id), ...tenant }));
    const lines = shown.map((tenant) => {
      const { threshold, retentionDays, isPublic, modes, disabledAt } = tenant;
      const kept = retentionDays === null ? 'kept' : `kept ${retentionDays} days`;
      const state = `${isPublic ? ', public' : ''}${disabledAt === null ? '' : ', disabled'}`;
      return [
        tenant.name,
        `${tenant.id}, ${modes.join(' and ')}, threshold ${threshold ?? "the release's"}, ${kept}${state}`,
      ];
    });
    print(shown, Object.fromEntries(lines) as Record<string, string>, values.json);
  },
};

export const TENANT_SET: Command = {
  help: `Changes a tenant's settings.

  xnn admin tenant set --tenant NAME [--threshold COSINE] [--keyed-threshold COSINE] [--per-minute N] [--retention-days N]
                       [--public yes|no] [--webhook ADDRESS] [--modes LIST]

  --threshold COSINE   under noise, in [0, 1]; --keyed-threshold under their owner's key
  --per-minute N       requests that are not GET, at most the server's LIMIT_PER_TENANT
  --modes LIST         how faces may be protected that are enrolled and asked, separated by commas: xnn-d (noise), keyed (their
                       owner's key)

"none" takes thresholds, rate, retention or webhook away: the release's thresholds, the server's rate, no end, no webhook.

${WHERE}

Example
  npx xnn admin tenant set --tenant acme --threshold 0.55 --retention-days 365
`,
  async run(args) {
    const options = {
      tenant: string,
      threshold: string,
      'keyed-threshold': string,
      'per-minute': string,
      'retention-days': string,
      public: string,
      webhook: string,
      modes: string,
    };
    const { values } = parsed(() => parseArgs({ args, options }));
    // As an unset variable of a shell leaves it: what was to be changed would stay as it was, unnoticed.
    for (const [option, value] of Object.entries(values)) {
      if (value === '') throw new XnnError('request_invalid', `--${option} is empty`);
    }
    const number = (text: string, least: number, most: number): number => {
      const value = Number(text);
      if (text.trim() !== '' && value >= least && value <= most) return value;
      throw new XnnError('request_invalid', `a number from ${least} to ${most} is needed instead of ${text}`);
    };
    const orNone = (text: string, least: number, most: number) => (text === 'none' ? null : number(text, least, most));
    const whole = (text: string, most: number) => {
      const value = orNone(text, 1, most);
      if (value === null || Number.isInteger(value)) return value;
      throw new XnnError('request_invalid', `a whole number is needed instead of ${text}`);
    };
    const { threshold: noise, 'keyed-threshold': keyed, 'per-minute': perMinute, 'retention-days': retention } = values;
    const settings: Partial<TenantSettings> = {
      ...(noise && { threshold: orNone(noise, 0, 1) }),
      ...(keyed && { keyedThreshold: orNone(keyed, 0, 1) }),
      ...(perMinute && { perMinute: whole(perMinute, 2 ** 31 - 1) }),
      ...(retention && { retentionDays: whole(retention, 36_500) }),
      ...(values.public && { isPublic: oneOf('--public', ['yes', 'no'], values.public) === 'yes' }),
      ...(values.webhook && { webhook: values.webhook === 'none' ? null : webhookOf(values.webhook) }),
      ...(values.modes && { modes: values.modes.split(',').map((mode) => oneOf('--modes', TENANT_MODES, mode)) }),
    };
    await withStore(async (store) => {
      const { id } = await tenantOf(store, values.tenant);
      const changed = await store.tenants.change(id, settings, act());
      const { threshold, keyedThreshold, perMinute, retentionDays, isPublic, webhook, modes } = changed;
      const lines = {
        Threshold: threshold ?? "the release's",
        'Threshold under a key': keyedThreshold ?? "the release's",
        'Requests a minute': perMinute ?? "the server's",
        'Retention in days': retentionDays ?? 'none',
        Webhook: webhook ?? 'none',
      };
      print({}, { ...lines, Public: isPublic ? 'yes' : 'no', Modes: modes.join(', ') }, false);
    });
  },
};

/** @throws request_invalid */
function webhookOf(text: string): string {
  if (webhookAddress.safeParse(text).success) return text;
  throw new XnnError('request_invalid', `--webhook is an https address, not ${text}`);
}

function disabling(disabled: boolean): Command {
  const [verb, what] = disabled
    ? ([
        'disable',
        'Has all keys of a tenant refused, and its requests without one. Nothing of it is deleted.',
      ] as const)
    : (['enable', 'Takes back that a tenant was disabled.'] as const);
  return {
    help: `${what}

  xnn admin tenant ${verb} --tenant NAME

${WHERE}
`,
    async run(args) {
      const { values } = parsed(() => parseArgs({ args, options: { tenant: string } }));
      await withStore(async (store) => {
        await store.tenants.disable((await tenantOf(store, values.tenant)).id, disabled, act());
      });
    },
  };
}

export const TENANT_DISABLE = disabling(true);
export const TENANT_ENABLE = disabling(false);

export const KEY_CREATE: Command = {
  help: `Makes an API key, which is shown this once.

  xnn admin key create --tenant NAME --role ROLE [--scopes LIST] [--expires-in-days N] [--json]

  --role ROLE      ${ROLES.join(', ')}
  --scopes LIST    a part of what the role may do, separated by commas: ${SCOPES.join(', ')}

${WHERE}

Example
  npx xnn admin key create --tenant acme --role user --scopes verify
`,
  async run(args) {
    const options = { tenant: string, role: string, scopes: string, 'expires-in-days': string, json };
    const { values } = parsed(() => parseArgs({ args, options }));
    const role = oneOf('--role', ROLES, required('--role', values.role));
    const scopes = grantedScopes(
      role,
      values.scopes?.split(',').map((scope) => oneOf('--scopes', SCOPES, scope)),
    );
    const days = values['expires-in-days'];
    if (days !== undefined && !/^[1-9]\d{0,3}$/.test(days)) {
      throw new XnnError('request_invalid', `--expires-in-days is a whole number from 1 to 9999, not ${days}`);
    }
    const expiresAt = days === undefined ? null : new Date(Date.now() + Number(days) * DAY);
    await withStore(async (store) => {
      const { id } = await tenantOf(store, values.tenant);
      const made = await store.tenants.createKey(id, { role, scopes, expiresAt }, act());
      print(made, { Key: made.key }, values.json);
    });
  },
};

export const KEY_LIST: Command = {
  help: `Lists a tenant's API keys, without their secrets.

  xnn admin key list --tenant NAME [--json]

${WHERE}
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { tenant: string, json } }));
    await withStore(async (store) => {
      const keys = await store.tenants.keys((await tenantOf(store, values.tenant)).id);
      const lines = keys.map(({ id, role, scopes, revokedAt, expiresAt }) => {
        const end = revokedAt
          ? `, revoked from ${revokedAt.toISOString()}`
          : expiresAt
            ? `, until ${expiresAt.toISOString()}`
            : '';
        return [id, `${role} (${scopes.join(' ')})${end}`];
      });
      print(keys, Object.fromEntries(lines) as Record<string, string>, values.json);
    });
  },
};

export const KEY_REVOKE: Command = {
  help: `Revokes an API key at once.

  xnn admin key revoke --tenant NAME --key ID

${WHERE}
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { tenant: string, key: string } }));
    await withStore(async (store) => {
      const { id } = await tenantOf(store, values.tenant);
      const revoked = await store.tenants.revokeKey(id, required('--key', values.key), act());
      if (!revoked) throw new XnnError('not_found', 'no such key that still works');
    });
  },
};

export const UNLOCK: Command = {
  help: `Forgets a subject's misses, so that its face is asked again.

  xnn admin unlock --tenant NAME --subject NAME

${WHERE}
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { tenant: string, subject: string } }));
    const subject = required('--subject', values.subject).normalize('NFC');
    await withStore(async (store) => {
      const { id: tenant } = await tenantOf(store, values.tenant);
      const misses = await store.limiter.misses(tenant, subject);
      await store.limiter.succeed(tenant, subject);
      const object = store.keyring.pseudonym(tenant, subject);
      await store.audit.append({ ...act(), tenant, action: 'unlock', object, outcome: 'done' });
      print({}, { 'Misses forgotten': misses }, false);
    });
  },
};

export const WEBHOOK_SECRET: Command = {
  help: `Shows what a tenant's webhook is signed with.

  xnn admin webhook secret --tenant NAME

${WHERE}
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { tenant: string } }));
    await withStore(async (store) => {
      const secret = await webhookSecret(store, (await tenantOf(store, values.tenant)).id);
      print({}, { Secret: secret }, false);
    });
  },
};

export const RESEAL: Command = {
  help: `Seals all templates and secrets with a new data key, and deletes the old ones. With PostgreSQL the servers may go on meanwhile.

  xnn admin reseal

${WHERE}
`,
  async run(args) {
    parsed(() => parseArgs({ args, options: {} }));
    const count = await withStore((store) => store.reseal());
    print({}, { 'Templates sealed anew': count }, false);
  },
};

export const REKEY: Command = {
  help: `Wraps the data keys with another master key. Then start the servers with it, and take a backup: those of before open with the old
key alone, which is to be kept as long as they are.

  NEW_MASTER_KEY=… xnn admin rekey

  NEW_MASTER_KEY   64 hexadecimal digits ("openssl rand -hex 32")

${WHERE}
`,
  async run(args) {
    parsed(() => parseArgs({ args, options: {} }));
    const config = configuration(process.env);
    await mustBeThere(config);
    const next = await loadMaster(required('NEW_MASTER_KEY', process.env['NEW_MASTER_KEY']), '');
    const master = await loadMaster(config.masterKey, config.keyFile, false);
    await withDriver(config, (driver) => changeMaster(driver, master, next));
    print({}, { 'Master key': `now ${next.id}` }, false);
  },
};

/** Those, too, amid which the command was killed. */
const BACKUP_NAME = /^xnn-[\d-]+T[\d-]+\.jsonl\.gz(\.partial)?$/;

export const BACKUP: Command = {
  help: `Writes all that is kept to a file, as it is at one moment. What is sealed stays sealed: keep the master key elsewhere.

  xnn admin backup --out FOLDER [--keep-days N] [--json]

  --keep-days N    deletes backups in that folder that are older. What a subject had deleted is gone from the backups after that time

${WHERE}
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { out: string, 'keep-days': string, json } }));
    const folder = required('--out', values.out);
    const days = values['keep-days'];
    if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days)) {
      throw new XnnError('request_invalid', `--keep-days is a whole number from 1 to 99999, not ${days}`);
    }
    await writing(folder, () => mkdir(folder, { recursive: true, mode: 0o700 }));
    const file = join(folder, `xnn-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.jsonl.gz`);
    const rows = await withStore((store) => backUp(store.driver, file));
    let deleted = 0;
    for (const name of days === undefined ? [] : await readdir(folder)) {
      if (!BACKUP_NAME.test(name)) continue;
      // Another command may delete them, too.
      const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Infinity }));
      if (mtimeMs > Date.now() - Number(days) * DAY) continue;
      await rm(join(folder, name), { force: true });
      deleted++;
    }
    print({ file, rows, deleted }, { File: file, Rows: rows, 'Old backups deleted': deleted }, values.json);
  },
};

export const RESTORE: Command = {
  help: `Fills an empty database with a backup. The master key must be the one of that time.

  xnn admin restore --from FILE

${WHERE}
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { from: string } }));
    const file = required('--from', values.from);
    const config = configuration(process.env);
    const master = await loadMaster(config.masterKey, config.keyFile);
    await withDriver(config, async (driver) => {
      await migrate(driver, master);
      print({}, { 'Rows restored': await restore(driver, file, master) }, false);
    });
  },
};
