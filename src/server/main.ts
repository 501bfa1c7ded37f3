import type { LogEntry } from './app.js';
import { configuration } from './configuration.js';
import { startServer } from './serve.js';

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
