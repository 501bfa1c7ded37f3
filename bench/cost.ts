import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { commit, parsed, runCommand, timesOf } from '../src/cli/command.js';
import { MESSAGE_BYTES } from '../src/wire/message.js';
import { launchOptions } from '../tools/chromium.js';
import type { Bench } from './main.js';
import { round } from './figures.js';
import type { EncryptedCost } from './page/encrypted.js';
import { servePages } from './servers.js';

const HELP = `What a verification costs with us, with libraries that keep everything in the page, and with encrypted matching: the rows of the
attack report. The first two come from "npm run bench"; the last is measured now, in this machine's Chromium.

  npm run bench:cost -- [--bench FILE] [--rounds N]

  --bench FILE   what "npm run bench" wrote (default test-results/bench.json)
  --rounds N     encrypted comparisons (default 30)

Writes training/cost.jsonl; "npm run report -- --write" puts it into the report.
`;

const ROWS = 'training/cost.jsonl';

async function main(args: string[]): Promise<void> {
  const { values } = parsed(() =>
    parseArgs({
      args,
      options: {
        bench: { type: 'string', default: 'test-results/bench.json' },
        rounds: { type: 'string', default: '30' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return console.log(HELP);
  const { contenders, ...made } = JSON.parse(await readFile(values.bench, 'utf8')) as Bench;
  const encrypted = await measureEncrypted(timesOf('--rounds', values.rounds));
  const plain = contenders.map(({ name, verdict, toBytes, cloud, bytes }) => ({
    date: made.date,
    commit: made.commit,
    command: made.command,
    defence: toBytes ? 'xnn-d' : `none: ${name}`,
    networks: toBytes ? made.networks : `${name} of npm`,
    settings: `${made.backend.toUpperCase()}, one thread${toBytes ? '' : '; the embedding stays in the page, in the clear'}`,
    verdict_ms: verdict.p50,
    client_ms: toBytes?.p50 ?? verdict.p50,
    ...(toBytes && { server_ms: cloud!.p50, sent_bytes: MESSAGE_BYTES }),
    models_bytes: bytes.models,
  }));
  const rows = [
    ...plain,
    {
      date: new Date().toISOString().slice(0, 10),
      commit: commit(7),
      command: ['npm run bench:cost', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
      defence: 'encrypted matching (CKKS)',
      networks: 'any of 128 numbers',
      settings:
        'node-seal, ring of degree 8,192, 128-bit security, WebAssembly, one thread; finding and embedding the face come on top',
      client_ms: round(encrypted.encrypt + encrypted.decrypt),
      server_ms: round(encrypted.match),
      sent_bytes: encrypted.probe,
      received_bytes: encrypted.score,
      kept_bytes: encrypted.template,
      keys_bytes: encrypted.keys,
    },
  ];
  await writeFile(ROWS, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  console.log(rows);
}

async function measureEncrypted(rounds: number): Promise<EncryptedCost> {
  const pages = await servePages(['encrypted']);
  const browser = await chromium.launch(launchOptions());
  try {
    const page = await browser.newPage();
    await page.goto(`${pages.url}/encrypted.html`);
    await page.waitForFunction(() => 'encryptedCost' in window);
    return await page.evaluate((rounds) => window.encryptedCost(rounds), rounds);
  } finally {
    await browser.close();
    await pages.close();
  }
}

runCommand(main);
