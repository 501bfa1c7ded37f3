import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configuration } from '../server/configuration.js';
import { startServer } from '../server/serve.js';

// The server that bench-server.ts measures, in DATA_DIR: tells it where it is, then twice a second its memory in bytes and the time that
// its threads have computed in µs.

export type FromServer = { readonly url: string } | { readonly rss: number; readonly cpu: number };
const tell = (message: FromServer) => process.send?.(message);

const config = configuration(process.env);
const staticFiles = join(config.dataDir, 'page');
await mkdir(staticFiles, { recursive: true });
await writeFile(join(staticFiles, 'index.html'), '');
const server = await startServer({ ...config, staticFiles }, () => undefined);
tell({ url: server.url.replace('localhost', '127.0.0.1') });
setInterval(() => {
  const { user, system } = process.cpuUsage();
  tell({ rss: process.memoryUsage.rss(), cpu: user + system });
}, 500);
