import { round } from './figures.js';
import type { Bench, Figures } from './main.js';

/** The figures as a Markdown table, a column for each. */
export function tableOf({ date, commit, command, cores, browser, backend, contenders, memory }: Bench): string {
  const [ours] = contenders;
  const ratio = ({ verdict }: Figures) => (verdict.p50 / ours!.verdict.p50).toFixed(1);
  const rows: [string, (figures: Figures) => string][] = [
    ['click to verdict, p50 / p95', ({ verdict }) => `${verdict.p50} / ${verdict.p95}`],
    ['as many times ours, p50', (figures) => (figures === ours ? '1' : `**${ratio(figures)}**`)],
    ['of it, press to bytes, p50 / p95', ({ toBytes }) => (toBytes ? `${toBytes.p50} / ${toBytes.p95}` : '')],
    ['of it, cloud and line, p50 / p95', ({ cloud }) => (cloud ? `${cloud.p50} / ${cloud.p95}` : '')],
    ['first visit until it can answer', ({ coldStart }) => String(coldStart)],
    ['second visit until it can answer', ({ warmStart }) => String(warmStart)],
    [
      "longest task of the page's thread, clock / own",
      ({ longestTask }) => `${longestTask.clock} / ${longestTask.own}`,
    ],
    ['models, kB', ({ bytes }) => kilobytes(bytes.models)],
    ['app code, of the libraries with their tfjs, kB compressed', ({ bytes }) => kilobytes(bytes.app)],
    [
      'runtime (WebAssembly; ours: tfjs, MediaPipe, worker, too), kB compressed',
      ({ bytes }) => kilobytes(bytes.runtime),
    ],
  ];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line([`ms, ${backend}`, ...contenders.map(({ name }) => name)]),
    line(['---', ...contenders.map(() => '---')]),
    ...rows.map(([what, of]) => line([what, ...contenders.map(of)])),
    '',
    `Memory after ${memory.map(({ after, mb }) => `${after} verifications ${mb} MB`).join(', ')}.`,
    `${date}, commit ${commit}, \`${command}\`, ${browser}, ${cores}.`,
  ].join('\n');
}

const kilobytes = (bytes: number) => (bytes === 0 ? '' : String(round(bytes / 1000)));
