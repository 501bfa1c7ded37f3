import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import setUp from '../e2e/fixtures/setup.js';
import { QueueWatch, TASK_CATEGORIES, tasksOf } from '../e2e/fixtures/main-thread.js';
import { UnwatchedPage } from '../e2e/fixtures/unwatched.js';
import { backendOf, commit, outputTo, parsed, runCommand, timesOf } from '../src/cli/command.js';
import { bytesOf, type Bytes } from './bytes.js';
import { enrol, noteReady, product, rival, type Contender, type Verification } from './contenders.js';
import { median, quantile, round } from './figures.js';
import { serveProduct, servePages } from './servers.js';
import { tableOf } from './table.js';

const HELP = `Measures the built app in this machine's Chromium beside two libraries that find and embed faces in the browser, on the same photo and
backend, in turns: how soon a page can answer, how long a verification takes, the longest task of the page's thread, and bytes.

  npm run bench -- [--rounds N] [--verifications N] [--backend wasm|webgl|webgpu] [--json FILE]

  --rounds N          new browsers for each (default 5)
  --verifications N   of each round, after the first (default 20); then 100 more of ours for the memory
  --json FILE         where the figures are written (default test-results/bench.json)

Ours runs in its worker and asks the cloud, a process on this machine; the libraries run in the page, with the least they need for an
embedding, and compare there. Nothing is downloaded. Prints a table; times in ms. With a GPU, leave --backend wasm out of comparisons with ours
elsewhere and run each backend once.
`;

/** Libraries with no more parts than an embedding needs, and face-api also with the detector that it takes if none is named; and their pages. */
const RIVALS = {
  human: 'human.html',
  'face-api': 'face-api.html',
  'face-api, usual detector': 'face-api.html?default',
};
/** Verifications after which memory is looked at: the first is over what start and compilation left. */
const MEMORY_AT = [20, 60, 120];

/** What one new browser saw. Times in ms. */
interface Round {
  readonly cold: number;
  readonly warm: number;
  readonly task: { readonly clock: number; readonly own: number };
  readonly verifications: readonly Verification[];
}

export interface Figures {
  readonly name: string;
  readonly coldStart: number;
  readonly warmStart: number;
  /** The page's thread from the visit's begin to its first answer: by the clock, and without what the lack of cores explains. */
  readonly longestTask: { readonly clock: number; readonly own: number };
  readonly verdict: { readonly p50: number; readonly p95: number };
  /** Null where nothing is sent. */
  readonly toBytes: { readonly p50: number; readonly p95: number } | null;
  readonly cloud: { readonly p50: number; readonly p95: number } | null;
  readonly bytes: Bytes;
}

export interface Bench {
  readonly date: string;
  readonly commit: string | null;
  /** Release and model of ours. */
  readonly networks: string;
  readonly command: string;
  readonly cores: string;
  readonly browser: string;
  readonly backend: string;
  readonly contenders: readonly Figures[];
  /** Of our page and its worker after so many verifications, in MB, garbage collected before. */
  readonly memory: readonly { readonly after: number; readonly mb: number }[];
}

async function main(args: string[]): Promise<void> {
  const { values } = parsed(() =>
    parseArgs({
      args,
      options: {
        rounds: { type: 'string', default: '5' },
        verifications: { type: 'string', default: '20' },
        backend: { type: 'string', default: 'wasm' },
        json: { type: 'string', default: 'test-results/bench.json' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return console.log(HELP);
  const [rounds, verifications, backend] = [
    timesOf('--rounds', values.rounds),
    timesOf('--verifications', values.verifications),
    backendOf(values.backend),
  ];
  const write = await outputTo(values.json);
  await setUp();
  const theirs = await servePages(['human', 'face-api']);
  const ours = await serveProduct().catch(async (error: unknown) => {
    await theirs.close();
    throw error;
  });
  try {
    const rivals = Object.entries(RIVALS).map(([name, page]) => rival(name, new URL(page, theirs.url), backend));
    const contenders = [product(ours.url, backend), ...rivals];
    const page = await UnwatchedPage.open();
    const browser = await page.version();
    await enrol(page, ours.url).finally(() => page.close());
    const seen = new Map<Contender, Round[]>(contenders.map((contender) => [contender, []]));
    for (let i = 0; i < rounds; i++) {
      for (const [contender, done] of seen) {
        done.push(await visit(contender, verifications));
        console.error(`round ${i + 1} of ${rounds}, ${contender.name}: ${summary(done.at(-1)!)}`);
      }
    }
    const figures: Figures[] = [];
    for (const [contender, done] of seen) figures.push(figuresOf(contender.name, done, await bytesOf(contender)));
    const bench: Bench = {
      date: new Date().toISOString().slice(0, 10),
      commit: commit(10),
      networks: await networks(),
      command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
      cores: `${cpus().length} × ${cpus()[0]!.model.trim()}`,
      browser,
      backend,
      contenders: figures,
      memory: await memoryOf(contenders[0]!),
    };
    await write(`${JSON.stringify(bench, null, 1)}\n`);
    console.log(tableOf(bench));
  } finally {
    await ours.close();
    await theirs.close();
  }
}

async function networks(): Promise<string> {
  const text = await readFile('public/models/manifest.json', 'utf8');
  const { release, model } = JSON.parse(text) as Record<'release' | 'model', string>;
  return `${release}, ${model}`;
}

/** A new browser's first visit until it has answered, traced; then a second visit, with all that follows. */
async function visit(contender: Contender, verifications: number): Promise<Round> {
  const page = await UnwatchedPage.open();
  try {
    await page.runFirst(noteReady);
    // A page of the same site before it, so that the process is there in which it will run.
    await page.goto(new URL('/icon.svg', contender.url).href);
    const watch = new QueueWatch(await page.renderers());
    await page.startTracing(TASK_CATEGORIES);
    const cold = await readyAt(page, contender);
    await contender.answer(page);
    await page.rest();
    const tasks = tasksOf(await page.stopTracing(), contender.url, await watch.stop());
    const task = {
      clock: Math.max(...tasks.map(({ lasted }) => lasted)),
      own: Math.max(...tasks.map(({ own }) => own)),
    };
    const warm = await readyAt(page, contender);
    await contender.answer(page);
    const done: Verification[] = [];
    for (let i = 0; i < verifications; i++) done.push(await contender.again(page));
    return { cold, warm, task, verifications: done };
  } finally {
    await page.close();
  }
}

async function readyAt(page: UnwatchedPage, { url }: Contender): Promise<number> {
  await page.goto(url);
  return page.until(() => window.readyAt);
}

/** Memory as Chromium counts it after collecting garbage: the page with its worker, WebAssembly's memory included. */
async function memoryOf(contender: Contender): Promise<Bench['memory']> {
  const page = await UnwatchedPage.open('--enable-blink-features=ForceEagerMeasureMemory');
  try {
    await page.runFirst(noteReady);
    await readyAt(page, contender);
    await contender.answer(page);
    const memory: { after: number; mb: number }[] = [];
    for (let done = 1; done <= Math.max(...MEMORY_AT); done++) {
      if (MEMORY_AT.includes(done))
        memory.push({ after: done, mb: round((await page.evaluate(measured, null)) / 1e6) });
      await contender.again(page);
    }
    return memory;
  } finally {
    await page.close();
  }
}

/** In the page. The types of browsers do not have it yet. */
function measured(): Promise<number> {
  const { measureUserAgentSpecificMemory } = performance as unknown as Record<string, () => Promise<{ bytes: number }>>;
  return measureUserAgentSpecificMemory!.call(performance).then(({ bytes }) => bytes);
}

function figuresOf(name: string, rounds: readonly Round[], bytes: Bytes): Figures {
  const all = rounds.flatMap(({ verifications }) => verifications);
  const spread = (values: readonly number[]) => ({
    p50: round(quantile(values, 0.5)),
    p95: round(quantile(values, 0.95)),
  });
  const spreadOf = (what: 'bytes' | 'cloud') => {
    const values = all.flatMap((one) => one[what] ?? []);
    return values.length === 0 ? null : spread(values);
  };
  return {
    name,
    coldStart: round(median(rounds.map(({ cold }) => cold))),
    warmStart: round(median(rounds.map(({ warm }) => warm))),
    longestTask: {
      clock: round(median(rounds.map(({ task }) => task.clock))),
      own: round(median(rounds.map(({ task }) => task.own))),
    },
    verdict: spread(all.map(({ verdict }) => verdict)),
    toBytes: spreadOf('bytes'),
    cloud: spreadOf('cloud'),
    bytes,
  };
}

function summary({ cold, warm, task, verifications }: Round): string {
  const verdict = median(verifications.map(({ verdict }) => verdict));
  return `cold ${round(cold)}, warm ${round(warm)}, verdict ${round(verdict)}, longest task ${round(task.clock)} (${round(task.own)})`;
}

runCommand(main);
