import { parseArgs } from 'node:util';
import { launch } from 'chrome-launcher';
import lighthouse, { desktopConfig, type Result } from 'lighthouse';
import { chromium } from 'playwright';
import { commit, outputTo, parsed, runCommand, timesOf } from '../src/cli/command.js';
import { PATHS } from '../src/web/routes.js';
import { launchOptions } from '../tools/chromium.js';
import { median } from './figures.js';
import { serveProduct } from './servers.js';

const HELP = `Lighthouse's grades of the built app in this machine's Chromium, each the median of several runs, and what it found. On WASM: where there is
no GPU, one in software would take the cores from the page.

  npm run bench:lighthouse -- [--runs N] [--json FILE]

  --runs N      of each page and device (default 3)
  --json FILE   where the grades are written (default test-results/lighthouse.json)
`;

const PAGES = { landing: PATHS.home, verify: PATHS.verify, login: PATHS.login };
const DEVICES = { desktop: desktopConfig, mobile: undefined };
const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;

async function main(args: string[]): Promise<void> {
  const { values } = parsed(() =>
    parseArgs({
      args,
      options: {
        runs: { type: 'string', default: '3' },
        json: { type: 'string', default: 'test-results/lighthouse.json' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
  if (values.help) return console.log(HELP);
  const times = timesOf('--runs', values.runs);
  const write = await outputTo(values.json);
  const server = await serveProduct();
  try {
    const lines = [`| page, device | ${CATEGORIES.join(' | ')} |`, `| --- |${' --- |'.repeat(CATEGORIES.length)}`];
    const grades: Record<string, Record<string, number>> = {};
    const found = new Set<string>();
    for (const [name, path] of Object.entries(PAGES)) {
      for (const [device, config] of Object.entries(DEVICES)) {
        const runs: Result[] = [];
        while (runs.length < times) runs.push(await audit(`${server.url}${path}?backend=wasm`, config));
        const gradeOf = (category: string) =>
          Math.round(100 * median(runs.map(({ categories }) => categories[category]!.score ?? 0)));
        const graded = CATEGORIES.map((category) => [category, gradeOf(category)] as const);
        grades[`${name}, ${device}`] = Object.fromEntries(graded);
        lines.push(`| ${name}, ${device} | ${graded.map(([, grade]) => grade).join(' | ')} |`);
        for (const run of runs) for (const finding of findingsOf(run)) found.add(`${name}, ${device}: ${finding}`);
        console.error(lines.at(-1));
      }
    }
    const made = { date: new Date().toISOString().slice(0, 10), commit: commit(10), grades, found: [...found].sort() };
    await write(`${JSON.stringify(made, null, 1)}\n`);
    console.log([...lines, '', ...made.found].join('\n'));
  } finally {
    await server.close();
  }
}

/** Chromium's trace now and then lacks the begin of a visit; then there is another. */
const TRIES = 3;

async function audit(url: string, config: typeof desktopConfig | undefined): Promise<Result> {
  for (let left = TRIES; ; left--) {
    const run = await visit(url, config);
    if (run !== undefined && run.runtimeError === undefined) return run;
    if (left === 1) throw new Error(run?.runtimeError?.message ?? 'no grades');
  }
}

/** In a new browser, as a first visit. */
async function visit(url: string, config: typeof desktopConfig | undefined): Promise<Result | undefined> {
  const { executablePath = chromium.executablePath(), args } = launchOptions();
  const chrome = await launch({
    chromePath: executablePath,
    chromeFlags: [...args, '--headless', '--lang=en-US'],
    logLevel: 'silent',
  });
  try {
    const flags = { port: chrome.port, logLevel: 'silent' as const, onlyCategories: [...CATEGORIES] };
    return (await lighthouse(url, flags, config))?.lhr;
  } finally {
    chrome.kill();
  }
}

/** What lowers a grade. */
function findingsOf({ categories, audits }: Result): string[] {
  return CATEGORIES.flatMap((category) =>
    categories[category]!.auditRefs.flatMap(({ id, weight }) => {
      const { score, title, displayValue } = audits[id]!;
      return weight > 0 && score !== null && score < 0.9
        ? [`${category}, ${title}${displayValue ? ` ${displayValue}` : ''}`]
        : [];
    }),
  );
}

runCommand(main);
