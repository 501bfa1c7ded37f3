import { access } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';
import { XnnError } from '../core/errors.js';
import { TENANT_BYTES } from '../core/spec.js';
import type { TenantMode } from '../wire/admin.js';
import { fromHex, toHex } from '../wire/hex.js';
import { createApp, type LogEntry } from './app.js';
import type { Act } from './audit/audit.js';
import { Deployments, USUAL_DEPLOYMENT_LIMITS, type DeploymentLimits } from './deployments/deployments.js';
import { deploymentRows } from './deployments/rows.js';
import { openEmbedded, openPostgres } from './drivers.js';
import { loadMaster } from './keyring/master.js';
import type { Rates } from './limits/limiter.js';
import { networkOf } from './limits/network.js';
import { createMetrics, serveMetrics } from './operations/metrics.js';
import { deliverWebhooks } from './operations/webhooks.js';
import { openKeys } from './oidc/keys.js';
import { openStore, type Store } from './store.js';
import { startStudent } from './student.js';
import { SERVERS_TENANTS } from './tenants/tenants.js';
import { TrainingQueue, USUAL_LIMITS, type TrainingLimits } from './training/queue.js';
import { jobRows } from './training/rows.js';
import { findTrainer } from './training/trainer.js';

export interface ServerConfig {
  /** 0 for any that is free. */
  readonly port: number;
  readonly host: string;
  /** Folder of training jobs, deployments, and the embedded database, unless there is a `databaseUrl`. */
  readonly dataDir: string;
  /** Of a PostgreSQL. */
  readonly databaseUrl?: string;
  /** 64 hexadecimal digits; without them, those in `keyFile`. */
  readonly masterKey?: string;
  /** Made when missing. */
  readonly keyFile: string;
  readonly rates: Rates;
  /** Whether a proxy stands before the server, which names the address a request comes from. */
  readonly behindProxy: boolean;
  /** "https://login.example.com", where people reach the page; "http://localhost:PORT" if it is not set. */
  readonly origin?: string;
  /** Other sites whose pages may ask for what <xnn-face-login> needs. */
  readonly allowedOrigins?: readonly string[];
  /** Port of this machine on which metrics are served. */
  readonly metricsPort?: number;
  /** 16 bytes. Whose requests those without a key are, as long as it is public. */
  readonly tenant: Uint8Array;
  /** Folder of models/manifest.json and its student. */
  readonly models: string;
  /** Folder of the built app. */
  readonly staticFiles: string;
  /** Program of a Python with PyTorch, instead of the first that is found. */
  readonly python?: string;
  /** What differs from the usual limits. */
  readonly training?: Partial<TrainingLimits>;
  readonly deployments?: Partial<DeploymentLimits>;
}

export interface RunningServer {
  /** "http://localhost:8080" */
  readonly url: string;
  /** Answers what has been asked, for at most 5 s, then closes network and database. */
  readonly close: () => Promise<void>;
}

/** Starts app and API. @throws an Error whose message tells the operator what to do */
export async function startServer(config: ServerConfig, log: (entry: LogEntry) => void): Promise<RunningServer> {
  await access(join(config.staticFiles, 'index.html')).catch((cause: unknown) => {
    throw new Error(`The app is not built: there is no ${config.staticFiles}/index.html. Run "npm run build".`, {
      cause,
    });
  });
  const { model, threshold, nobody, keyed, student, close: closeStudent } = await startStudent(config.models);
  const closing: (() => void | Promise<void>)[] = [closeStudent];
  /** In the order of what needs what. */
  const close = async (): Promise<void> => {
    for (const part of closing.splice(0).reverse()) await part();
  };
  try {
    const store = await openDatabase(config, log);
    closing.push(() => store.close());
    await ensure(store, config.tenant, SERVERS_TENANTS.public, true);
    await ensure(store, LOGIN_TENANT, SERVERS_TENANTS.login, false, ['keyed']);
    // Loaded by servers only: commands, which open the database too, do without.
    const { createProvider } = await import('./oidc/provider.js');
    const keys = await openKeys(store.keyring);
    const rows = jobRows(store.driver);
    const queue = new TrainingQueue({
      rows,
      folder: join(config.dataDir, 'training-jobs'),
      trainer: remembered(() => findTrainer(config.python)),
      limits: { ...USUAL_LIMITS, ...config.training },
      now: Date.now,
      log,
    });
    const deploymentTable = deploymentRows(store.driver);
    const deployments = new Deployments({
      rows: deploymentTable,
      store,
      folder: join(config.dataDir, 'deployments'),
      limits: { ...USUAL_DEPLOYMENT_LIMITS, ...config.deployments },
      now: Date.now,
    });
    closing.push(await keepTidy(store, deployments, log));
    closing.push(() => deployments.close());
    const metrics = createMetrics();
    if (config.metricsPort !== undefined) closing.push(await serveMetrics(metrics, config.metricsPort));
    const server = createAdaptorServer({
      fetch: (request, env) => app.fetch(request, env),
      serverOptions: { requestTimeout: REQUEST_TIMEOUT },
    });
    server.listen(config.port, config.host);
    await once(server, 'listening').catch((cause: unknown) => {
      throw new Error(portProblem(config, cause), { cause });
    });
    const url = `http://${urlHost(config.host)}:${(server.address() as AddressInfo).port}`;
    const login = { store, keys, tenant: LOGIN_TENANT, origin: config.origin ?? url, now: Date.now, log };
    const app = createApp({
      store,
      student,
      served: { model, tenant: config.tenant },
      threshold,
      nobody,
      keyed,
      now: Date.now,
      random: randomBytes,
      log,
      rates: config.rates,
      addressOf: (context) => addressOf(context, config.behindProxy),
      observe: (request) => {
        metrics.observe(request);
        log({ level: 'info', ...request, ms: Math.round(request.ms) });
      },
      login: { ...login, provider: createProvider(login) },
      ...(config.allowedOrigins && { allowedOrigins: config.allowedOrigins }),
      staticFiles: config.staticFiles,
      training: { queue, rows },
      deployments: { deployments, rows: deploymentTable },
    });
    closing.push(async () => {
      const closed = once(server, 'close');
      server.close();
      const impatience = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), 5_000);
      await closed;
      clearTimeout(impatience);
    });
    // Before the network: who follows a job waits for its end.
    closing.push(() => queue.close());
    await queue.start();
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Asks once, and again only after a failure. */
function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  return () => {
    answer ??= ask().catch((error: unknown) => {
      answer = null;
      throw error;
    });
    return answer;
  };
}

/** For a whole request to come in, in ms: more than the slowest line that `limitBody` waits for needs. */
const REQUEST_TIMEOUT = 130_000;
/** Tenant of the login's templates: "login" in ASCII. */
export const LOGIN_TENANT = fromHex('6c6f67696e0000000000000000000000', TENANT_BYTES);
const HOUR = 3_600_000;
/** Between two deliveries, in ms. */
const WEBHOOK_PAUSE = 5_000;

/** What the server does by itself. */
const act = (): Act => ({ actor: 'server', at: new Date() });

/** Makes one of the tenants that every server has, if it is not there. @throws an Error for the operator if another has its name */
async function ensure(
  store: Store,
  id: Uint8Array,
  name: string,
  isPublic: boolean,
  modes?: readonly TenantMode[],
): Promise<void> {
  await store.tenants.ensure(id, name, isPublic, act(), modes).catch((cause: unknown) => {
    if (!(cause instanceof XnnError && cause.code === 'tenant_exists')) throw cause;
    const other =
      name === SERVERS_TENANTS.public
        ? ' TENANT has to be the id of a tenant that is there ("xnn admin tenant list").'
        : '';
    throw new Error(`The tenant "${name}" of this database has another id than ${toHex(id)}.${other}`, { cause });
  });
}

/** Does what is due by itself: deletes what tenants keep no longer and what was abandoned, and tells webhooks. @returns how to stop */
async function keepTidy(store: Store, deployments: Deployments, log: (entry: LogEntry) => void): Promise<() => void> {
  await store.sweep(act());
  await deployments.sweep();
  const every = (ms: number, code: string, work: () => Promise<unknown>) => {
    let running = false;
    return setInterval(() => {
      if (running) return;
      running = true;
      work()
        .catch(({ name }: Error) => log({ level: 'error', code, error: name }))
        .finally(() => (running = false));
    }, ms);
  };
  const timers = [
    every(HOUR, 'sweep_failed', () => store.sweep(act())),
    every(HOUR, 'sweep_failed', () => deployments.sweep()),
    every(WEBHOOK_PAUSE, 'webhooks_failed', () => deliverWebhooks(store, Date.now)),
  ];
  return () => timers.forEach(clearInterval);
}

/** Where a request comes from, as it is counted. Of what a proxy says, only the last entry is its own; those before it anybody can write. */
function addressOf(context: Context, behindProxy: boolean): string {
  const forwarded = behindProxy ? context.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined;
  return networkOf(forwarded ?? getConnInfo(context).remote.address ?? '');
}

/**
 * Opens the database of a server, or of a command beside it.
 *
 * @param mayBeNew whether a master key may be made for it
 * @throws an Error whose message tells the operator what to do
 */
export async function openDatabase(
  config: Pick<ServerConfig, 'dataDir' | 'databaseUrl' | 'masterKey' | 'keyFile'>,
  log: (entry: LogEntry) => void,
  mayBeNew: boolean = true,
): Promise<Store> {
  const { databaseUrl, dataDir } = config;
  const master = await loadMaster(config.masterKey, config.keyFile, mayBeNew);
  if (databaseUrl === undefined) return openStore(await openEmbedded(dataDir), master);
  const lost = ({ name }: Error) => log({ level: 'error', code: 'database_connection_lost', error: name });
  return openStore(openPostgres(databaseUrl, lost), master).catch(unusable);
}

/** What is wrong with the database of DATABASE_URL, for the operator. */
export function unusable(cause: unknown): never {
  if (cause instanceof XnnError) throw cause;
  // Refused by several addresses of one name, it has a code but no message.
  const why = cause instanceof Error ? cause.message || ('code' in cause && cause.code) : cause;
  throw new Error(`The database of DATABASE_URL cannot be used: ${String(why)}`, { cause });
}

function portProblem({ port, host }: ServerConfig, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : cause;
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken by another program. Stop it, or choose another port with PORT.`;
  if (code === 'EACCES') return `Port ${port} may not be used without more rights. Choose another with PORT.`;
  return `Cannot listen on ${host}:${port} (${String(code)}).`;
}

/** Browsers allow the camera on "localhost" and need no certificate there. */
function urlHost(host: string): string {
  if (['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
