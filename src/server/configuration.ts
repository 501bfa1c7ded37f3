import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TENANT_BYTES } from '../core/spec.js';
import { fromHex } from '../wire/hex.js';
import type { DeploymentLimits } from './deployments/deployments.js';
import type { ServerConfig } from './serve.js';
import type { TrainingLimits } from './training/queue.js';

// PORT               default 8080
// HOST               default 127.0.0.1: browsers give the camera only to localhost and to HTTPS, so that listening on the network is of
//                    use only behind something that speaks HTTPS
// DATA_DIR           folder of the embedded database, default ./data
// DATABASE_URL       of a PostgreSQL, instead of the embedded database
// MASTER_KEY         64 hexadecimal digits, which wrap the keys of what is sealed in the database
// KEY_FILE           holds them, if MASTER_KEY does not; default master.key in DATA_DIR, made when missing
// TENANT             32 hexadecimal digits, default "demo" in ASCII
// LIMIT_PER_ADDRESS  requests that are not GET a minute, default 300
// LIMIT_PER_TENANT   the same for a whole tenant, default 6000
// BEHIND_PROXY       1 if a proxy sets X-Forwarded-For
// ORIGIN             where people reach the page, as https://login.example.com; default http://localhost:PORT. Passkeys belong to its host
// ALLOWED_ORIGINS    addresses of other sites whose pages may hold <xnn-face-login>, as https://shop.example.com, with commas between; none
//                    if it is not set
// METRICS_PORT       of this machine, for Prometheus; none if it is not set
// PYTHON             a Python with PyTorch that trains, instead of the first that is found
// TRAINING_..., DEPLOYMENTS_...  limits, listed below; without them `USUAL_LIMITS` and `USUAL_DEPLOYMENT_LIMITS` hold

const DEMO_TENANT = '64656d6f000000000000000000000000';

/** Variables that change a limit, and the unit of each. */
const TRAINING_LIMITS = {
  bundleBytes: ['TRAINING_BUNDLE_GB', 1e9],
  tenantBytes: ['TRAINING_TENANT_GB', 1e9],
  allBytes: ['TRAINING_ALL_GB', 1e9],
  tenantJobs: ['TRAINING_TENANT_JOBS', 1],
  epochs: ['TRAINING_EPOCHS', 1],
  atOnce: ['TRAINING_AT_ONCE', 1],
  kept: ['TRAINING_KEPT_DAYS', 86_400_000],
} as const satisfies Record<keyof TrainingLimits, readonly [name: string, unit: number]>;

const DEPLOYMENT_LIMITS = {
  tailBytes: ['DEPLOYMENTS_TAIL_MB', 1e6],
  deployments: ['DEPLOYMENTS_MOST', 1],
  loaded: ['DEPLOYMENTS_LOADED', 1],
} as const satisfies Record<keyof DeploymentLimits, readonly [name: string, unit: number]>;

/** Those limits that the environment names. */
function limitsOf<Limit extends string>(
  env: NodeJS.ProcessEnv,
  limits: Readonly<Record<Limit, readonly [name: string, unit: number]>>,
): Partial<Record<Limit, number>> {
  const given = (Object.keys(limits) as Limit[]).flatMap((limit) => {
    const [name, unit] = limits[limit];
    if (!env[name]) return [];
    const value = numberOf(env[name]);
    if (!(value >= 0 && value < Infinity)) throw new Error(`${name} must be a number from 0.`);
    if (unit === 1 && !Number.isInteger(value)) throw new Error(`${name} must be a whole number.`);
    return [[limit, value * unit]];
  });
  return Object.fromEntries(given) as Partial<Record<Limit, number>>;
}

/** Blanks are no 0, as of a variable that was not filled in. */
function numberOf(text: string): number {
  return text.trim() === '' ? NaN : Number(text);
}

/** What the environment says. @throws an Error whose message tells the operator what to do */
export function configuration(env: NodeJS.ProcessEnv): ServerConfig {
  const number = (name: string, fallback: number, least: number, most: number): number => {
    const value = env[name] ? numberOf(env[name]) : fallback;
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Error(`${name} must be a number from ${least} to ${most}.`);
  };
  const tenant = env['TENANT'] || DEMO_TENANT;
  if (!new RegExp(`^[0-9a-f]{${2 * TENANT_BYTES}}$`).test(tenant)) {
    throw new Error(`TENANT must be ${2 * TENANT_BYTES} hexadecimal digits.`);
  }
  const dataDir = env['DATA_DIR'] || 'data';
  return {
    port: number('PORT', 8080, 0, 65_535),
    host: env['HOST'] || '127.0.0.1',
    dataDir,
    ...(env['DATABASE_URL'] && { databaseUrl: env['DATABASE_URL'] }),
    ...(env['MASTER_KEY'] && { masterKey: env['MASTER_KEY'] }),
    keyFile: env['KEY_FILE'] || join(dataDir, 'master.key'),
    rates: {
      perAddress: number('LIMIT_PER_ADDRESS', 300, 1, 1e9),
      perTenant: number('LIMIT_PER_TENANT', 6_000, 1, 1e9),
    },
    ...(env['ORIGIN'] && { origin: originOf('ORIGIN', env['ORIGIN']) }),
    allowedOrigins: (env['ALLOWED_ORIGINS'] || '')
      .split(',')
      .filter((text) => text.trim() !== '')
      .map((text) => originOf('ALLOWED_ORIGINS', text.trim())),
    behindProxy: number('BEHIND_PROXY', 0, 0, 1) === 1,
    ...(env['METRICS_PORT'] && { metricsPort: number('METRICS_PORT', 0, 0, 65_535) }),
    tenant: fromHex(tenant, TENANT_BYTES),
    models: fileURLToPath(new URL('../../models', import.meta.url)),
    staticFiles: fileURLToPath(new URL('../../dist', import.meta.url)),
    ...(env['PYTHON'] && { python: env['PYTHON'] }),
    training: limitsOf(env, TRAINING_LIMITS),
    deployments: limitsOf(env, DEPLOYMENT_LIMITS),
  };
}

function originOf(name: string, text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  throw new Error(`${name} must be an address without a path, such as https://login.example.com.`);
}
