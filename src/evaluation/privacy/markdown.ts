import { CHART, placed } from '../../client/chart.js';
import type { Chart, Report, ReportRow } from '../../wire/report.js';
import { defenceName, formatted, withInterval } from '../../client/figures.js';
import { foundAgain } from './build.js';

/** A chart's file, beside the page. */
export const chartFile = (title: string) => `${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}.svg`;

/** docs/privacy-report.md. */
export function markdownOf(report: Report): string {
  const { release, headline, charts, attackers, rows, repeated, notProtected, notRun } = report;
  const parts = [
    `# What an attacker gets

Made by \`npm run report\` from the row files in \`training/\`, each row by the command that it names; \`npm run report -- --write\` writes this page
anew and runs nothing. The same numbers as JSON: [privacy-report.json](privacy-report.json); in the app: \`/report\`. Release ${release.release}: model
\`${release.model}\`, keyed mode \`${release.keyedModel}\`. What follows from it is in the [model card](model-card.md) and the [threat model](threat-model.md).

Attackers read what the cloud reads, bytes of 4 bits included, and learn from photos of other people than they are tested on. Tested photos of LFW are aligned by
landmarks. In brackets: 95 % intervals, Wilson's over LFW's pairs taken as independent; they say nothing of another training run.
Figures of the 50 held-out people have none, and are less sure: by bootstrap over people, the released student has 63.4 % [54.0, 81.6] at FAR 1e-4.
A few training photos show people of LFW and eight of those 50 ([model card](model-card.md)).`,
    `## In short\n\n${headlineTable(headline)}`,
    headline.remarks.join(' '),
    ...charts.map(({ title, text }) => `![${title}. ${text}](images/${chartFile(title)})`),
    `## What we do not protect against\n\n${notProtected.map(({ what, text }) => `- **${what}.** ${text}`).join('\n')}`,
    ...attackers.map(
      ({ id, name, question, text }) =>
        `## ${name}\n\n**${question}** ${text}\n\n${attackerTable(rows.filter(({ attacker }) => attacker === id))}`,
    ),
    ...(repeated.length > 0 ? [`## Run again\n\n${repeatedTable(repeated)}`] : []),
    `## Not run\n\n${notRun.map(({ what, reason }) => `- **${what}.** ${reason}`).join('\n')}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function headlineTable({ columns, rows }: Report['headline']): string {
  return table(
    ['', ...columns],
    rows.map(({ question, measure, cells }) => [`**${question}** ${measure}`, ...cells.map((cell) => cell ?? '–')]),
  );
}

function attackerTable(rows: readonly ReportRow[]): string {
  const known = new Set(rows.map(({ knowledge, queries }) => `${knowledge}\n${queries}`));
  const shared = known.size === 1 ? [`Knows: ${rows[0]!.knowledge}. Queries: ${rows[0]!.queries || 'none'}.`] : [];
  const columns = ['sent', 'settings', ...(known.size > 1 ? ['knows', 'queries'] : []), 'metric', 'value', 'chance'];
  const lines = rows.map((row) => [
    defenceName(row.defence),
    row.settings,
    ...(known.size > 1 ? [row.knowledge, row.queries] : []),
    row.metric,
    withInterval(row),
    row.chance === null ? '' : formatted(row.chance, row.unit),
    row.coreMinutes === null ? '' : [row.coreMinutes, row.device].filter((part) => part !== null).join(', '),
    row.networks,
    `${row.date}, ${row.commit}`,
    `\`${row.command}\``,
  ]);
  return [...shared, table([...columns, 'core min', 'networks', 'date, commit', 'command'], lines)].join('\n\n');
}

function repeatedTable(repeated: Report['repeated']): string {
  const lines = repeated.map((row) => [
    `\`${row.command}\``,
    row.metric,
    withInterval(row),
    formatted(row.again, row.unit),
    row.within === null ? '' : row.within ? 'yes' : '**no**',
    `${row.date}, ${row.commit}`,
  ]);
  return [
    `What \`npm run report -- --again\` found, which trains anew from data and release, whatever rows other commits have. ${foundAgain(repeated)}
The intervals are of the test set alone, and another machine rounds otherwise, which acts like another seed. On a machine like the first, with the same code,
every digit comes again: that shows that it can be repeated, and no more.`,
    table(['command', 'metric', 'published', 'again', 'within', 'date, commit'], lines),
  ].join('\n\n');
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A chart as a file, in grays that can be read on white and on black. */
export function svgOf(chart: Chart): string {
  const { end, x, y, series } = placed(chart);
  const { width, height, left, top, bottom, text } = CHART;
  const floor = height - bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="${text}" fill="#777" role="img">`,
    `<title>${escaped(chart.title)}</title><desc>${escaped(chart.text)}</desc>`,
    `<path d="M${left} ${top}V${floor}H${end}" fill="none" stroke="#777"/>`,
    ...x.map((tick) => `<text x="${round(tick.at)}" y="${floor + 20}" text-anchor="middle">${tick.text}</text>`),
    ...y.map((tick) => `<text x="${left - 8}" y="${round(tick.at + 4)}" text-anchor="end">${tick.text}</text>`),
    `<text x="${(left + end) / 2}" y="${height - 10}" text-anchor="middle">${escaped(chart.x.label)}</text>`,
    `<text x="4" y="${text + 2}">${escaped(chart.y.label)}</text>`,
    ...series.flatMap(({ name, points, label }) => {
      const last = points.at(-1)!;
      const line = points.map((point) => `${round(point.x)} ${round(point.y)}`).join('L');
      return [
        `<path d="M${line}" fill="none" stroke="#3a87c8" stroke-width="2"/>`,
        ...points.map((point) => `<circle cx="${round(point.x)}" cy="${round(point.y)}" r="4.5" fill="#3a87c8"/>`),
        `<path d="M${round(last.x)} ${round(last.y)}L${label.x + (label.anchor === 'end' ? 4 : -4)} ${round(label.y - 4)}" stroke="#3a87c8" stroke-opacity=".5"/>`,
        `<text x="${round(label.x)}" y="${round(label.y)}" text-anchor="${label.anchor}">${escaped(name)}</text>`,
      ];
    }),
    '</svg>',
    '',
  ].join('\n');
}

const round = (value: number) => Math.round(10 * value) / 10;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
