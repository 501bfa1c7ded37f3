import { access } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { createApp, type LogEntry } from './app.js';
import { Deployments, USUAL_DEPLOYMENT_LIMITS, type DeploymentLimits } from './deployments/deployments.js';
import { deploymentRows } from './deployments/rows.js';
import { openEmbedded, openPostgres, type Driver } from './drivers.js';
import { loadCloudModel } from './models.js';
import { openStore, type Store } from './store.js';
import { TrainingQueue, USUAL_LIMITS, type TrainingLimits } from './training/queue.js';
import { jobRows } from './training/rows.js';
import { findTrainer } from './training/trainer.js';

export interface ServerConfig {
  /** 0 for any that is free. */
  readonly port: number;
  readonly host: string;
  /** Folder of training jobs, deployments, and the embedded database, unless there is a `databaseUrl`. */
  readonly dataDir: string;
  /** Of a PostgreSQL with pgvector. */
  readonly databaseUrl?: string;
  /** 16 bytes. */
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
  /** Answers what has been asked, for at most 5 s, then closes the database. */
  close(): Promise<void>;
}

/** Starts app and API. @throws an Error whose message tells the operator what to do */
export async function startServer(config: ServerConfig, log: (entry: LogEntry) => void): Promise<RunningServer> {
  await access(join(config.staticFiles, 'index.html')).catch((cause: unknown) => {
    throw new Error(`The app is not built: there is no ${config.staticFiles}/index.html. Run "npm run build".`, {
      cause,
    });
  });
  const { model, threshold, student } = await loadCloudModel(config.models);
  const { driver, store } = await openDatabase(config, log);
  const rows = jobRows(driver);
  const queue = new TrainingQueue({
    rows,
    folder: join(config.dataDir, 'training-jobs'),
    trainer: remembered(() => findTrainer(config.python)),
    limits: { ...USUAL_LIMITS, ...config.training },
    now: Date.now,
    log,
  });
  const deploymentTable = deploymentRows(driver);
  const deployments = new Deployments({
    rows: deploymentTable,
    store,
    folder: join(config.dataDir, 'deployments'),
    limits: { ...USUAL_DEPLOYMENT_LIMITS, ...config.deployments },
    now: Date.now,
  });
  try {
    await queue.start();
    const app = createApp({
      store,
      student,
      served: { model, tenant: config.tenant },
      threshold,
      now: Date.now,
      random: randomBytes,
      log,
      staticFiles: config.staticFiles,
      training: { queue, rows },
      deployments: { deployments, rows: deploymentTable },
    });
    const server = createAdaptorServer({ fetch: app.fetch });
    server.listen(config.port, config.host);
    await once(server, 'listening').catch((cause: unknown) => {
      throw new Error(portProblem(config, cause), { cause });
    });
    return {
      url: `http://${urlHost(config.host)}:${(server.address() as AddressInfo).port}`,
      close: async () => {
        const closed = once(server, 'close');
        server.close();
        await queue.close();
        const impatience = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), 5_000);
        await closed;
        clearTimeout(impatience);
        await store.close();
      },
    };
  } catch (error) {
    await queue.close();
    await store.close();
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

async function openDatabase(
  { databaseUrl, dataDir }: ServerConfig,
  log: (entry: LogEntry) => void,
): Promise<{ driver: Driver; store: Store }> {
  if (databaseUrl === undefined) {
    const driver = await openEmbedded(dataDir);
    return { driver, store: await openStore(driver) };
  }
  const lost = ({ name }: Error) => log({ level: 'error', code: 'database_connection_lost', error: name });
  const driver = openPostgres(databaseUrl, lost);
  const store = await openStore(driver).catch((cause: unknown) => {
    // Refused by several addresses of one name, it has a code but no message.
    const why = cause instanceof Error ? cause.message || ('code' in cause && cause.code) : cause;
    throw new Error(`The database of DATABASE_URL cannot be used: ${String(why)}`, { cause });
  });
  return { driver, store };
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
