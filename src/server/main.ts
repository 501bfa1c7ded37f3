import { fileURLToPath } from 'node:url';
import { TENANT_BYTES } from '../core/spec.js';
import { fromHex } from '../wire/hex.js';
import type { LogEntry } from './app.js';
import type { DeploymentLimits } from './deployments/deployments.js';
import { startServer, type ServerConfig } from './serve.js';
import type { TrainingLimits } from './training/queue.js';

// PORT          default 8080
// HOST          default 127.0.0.1: browsers give the camera only to localhost and to HTTPS, so that listening on the network is of use
//               only behind something that speaks HTTPS
// DATA_DIR      folder of the embedded database, default ./data
// DATABASE_URL  of a PostgreSQL with pgvector, instead of the embedded database
// TENANT        32 hexadecimal digits, default "demo" in ASCII
// PYTHON        a Python with PyTorch that trains, instead of the first that is found
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
    const value = Number(env[name]);
    if (!(value >= 0 && value < Infinity)) throw new Error(`${name} must be a number from 0.`);
    return [[limit, value * unit]];
  });
  return Object.fromEntries(given) as Partial<Record<Limit, number>>;
}

function configuration(env: NodeJS.ProcessEnv): ServerConfig {
  const port = Number(env['PORT'] || 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error('PORT must be a number from 0 to 65535.');
  const tenant = env['TENANT'] || DEMO_TENANT;
  if (!new RegExp(`^[0-9a-f]{${2 * TENANT_BYTES}}$`).test(tenant)) {
    throw new Error(`TENANT must be ${2 * TENANT_BYTES} hexadecimal digits.`);
  }
  return {
    port,
    host: env['HOST'] || '127.0.0.1',
    dataDir: env['DATA_DIR'] || 'data',
    ...(env['DATABASE_URL'] && { databaseUrl: env['DATABASE_URL'] }),
    tenant: fromHex(tenant, TENANT_BYTES),
    models: fileURLToPath(new URL('../../models', import.meta.url)),
    staticFiles: fileURLToPath(new URL('../../dist', import.meta.url)),
    ...(env['PYTHON'] && { python: env['PYTHON'] }),
    training: limitsOf(env, TRAINING_LIMITS),
    deployments: limitsOf(env, DEPLOYMENT_LIMITS),
  };
}

function log(entry: LogEntry): void {
  console.error(JSON.stringify({ time: new Date().toISOString(), ...entry }));
}

async function main(): Promise<void> {
  const server = await startServer(configuration(process.env), log);
  console.log(`Ready on ${server.url} (Ctrl-C stops)`);
  const stop = (): void => {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    server.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

main().catch(fail);
