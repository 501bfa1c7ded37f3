import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatted, withInterval } from '../../client/figures.js';
import { reportSchema } from '../../wire/report.js';
import { buildReport } from './build.js';
import { wilson } from './interval.js';
import { markdownOf, svgOf } from './markdown.js';
import { rowsOf, type RowFiles } from './rows.js';
import { currentReport, ROOT } from './sources.js';

const NAMES = new Map([['aaaaaaaa', '9.9.9']]);
const RELEASE = { release: '9.9.9', model: 'm', keyedModel: 'k' };
const EMPTY: RowFiles = { utility: '', attacks: '', again: '', keyed: '', thief: '', hill: '', xnn: '', cost: '' };
const D = {
  date: '2026-01-02', commit: 'abcdef0', attacker: 'D', defence: 'xnn-d', generator: 'generator', messages: 1, bits: 4, pairs: 1024,
  warm: false, rate: 0.0005, networks: 'aaaaaaaa', epochs: 10, seed: 1, core_minutes: 2.4, linked: 0.9, 'tar_1e-3': 0.2,
}; // prettier-ignore
const lines = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

describe('the report in docs', () => {
  it('is what the row files give: "npm run report -- --write" makes it', async () => {
    const written: unknown = JSON.parse(readFileSync(`${ROOT}docs/privacy-report.json`, 'utf8'));
    expect(reportSchema.parse(written)).toEqual(await currentReport());
  });
});

describe('a table of README or model card', () => {
  /** Of columns, which figures are in a cell: attacker, metrics, budgets. */
  type Figures = readonly (readonly [string, readonly string[], readonly string[]])[];
  const [VIEW_2, LINKED] = ['LFW View 2, pairs told right', 'LFW pairs linked, message to plain photo'];
  const [VERIFIED, RANK_1] = ['recovered faces: LFW pairs told right by dlib', 'rank-1 among 50 held-out people'];
  const R: Figures[number] = ['R', [RANK_1], ['from the clean tail’s weights, 3']];
  const NOISE = { clean: /^\| clean features/, gaussian: /^\| Gaussian noise/, 'xnn-d': /^\| \*\*XNN-d/ };
  const SHORT = {
    begins: /^\| what is sent +\| S after half an epoch/m,
    figures: [
      ['S', [VIEW_2, 'held-out people, TAR at FAR 1e-4'], ['0.5 epochs']],
      ['D', [LINKED], ['256 photos, 80', '4,096 photos, 20', '20,480 photos, 10']],
      ['I', ['SSIM to the photo', 'PSNR to the photo', VERIFIED], ['0.3', '0.1']],
      R,
    ] satisfies Figures,
    lines: { ...NOISE, nothing: /^\| nothing \(/ },
  };
  const LONG = {
    begins: /^\| what is sent +\| S after five epochs/m,
    figures: [
      ['S', [VIEW_2], ['5']],
      ['D', [LINKED], ['1,024 photos, 40']],
      ['I', [VERIFIED], ['5']],
      R,
    ] satisfies Figures,
    lines: {
      ...NOISE,
      paper: /^\| the authors’ XNN-d/,
      'instahide-2': /^\| InstaHide of two/,
      'instahide-3': /^\| InstaHide of three/,
      'ldp-slicing': /^\| LDP-Slicing/,
      partialface: /^\| PartialFace/,
      minusface: /^\| MinusFace/,
    },
  };

  it.each([
    ['README.md', SHORT],
    ['docs/model-card.md', SHORT],
    ['README.md', LONG],
  ])('has in %s the means of the rows', async (file, { begins, figures, lines }) => {
    const { rows } = await currentReport();
    const text = readFileSync(`${ROOT}${file}`, 'utf8');
    const table = text.slice(text.search(begins)).split('\n\n', 1)[0]!.split('\n');
    for (const [defence, line] of Object.entries(lines)) {
      const cells = (table.find((candidate) => line.test(candidate)) ?? '').split('|').slice(2);
      figures.forEach(([attacker, metrics, budgets], column) => {
        const expected = metrics.flatMap((metric) =>
          budgets.flatMap((budget) => {
            const of = rows.filter(
              (row) =>
                [row.attacker, row.defence, row.metric].join() === [attacker, defence, metric].join() &&
                new RegExp(`^${budget}( epochs)?(, seed \\d)?$`).test(row.settings),
            );
            const mean = of.reduce((sum, { value }) => sum + value, 0) / of.length;
            return of.length === 0 ? [] : [of[0]!.unit === 'share' ? 100 * mean : mean];
          }),
        );
        const written = cells[column]?.match(/\d+\.\d+/g) ?? [];
        expect(written, `${file}, ${defence}, ${attacker}`).toHaveLength(expected.length);
        written.forEach((figure, i) =>
          expect(Math.abs(Number(figure) - expected[i]!), `${file}, ${defence}: ${figure}`).toBeLessThan(
            figure.length - figure.indexOf('.') > 2 ? 0.00501 : 0.0501,
          ),
        );
      });
    }
  });
});

describe('rowsOf', () => {
  it('names attacker, budget, networks, interval, chance and command of every number', () => {
    const [row, , ...rest] = rowsOf({ ...EMPTY, attacks: lines(D) }, NAMES);
    expect(rest).toEqual([]);
    expect(row).toMatchObject({
      attacker: 'D',
      settings: '1,024 photos, 10 epochs',
      value: 0.9,
      chance: 0.5,
      networks: '9.9.9 (aaaaaaaa)',
      command: 'python3 -m training.attack D --defence xnn-d --pairs 1024 --epochs 10 --rate 0.0005',
    });
    expect(row!.low).toBeLessThan(0.9);
  });

  it('takes the last of rows with the same settings, and tells averaging apart', () => {
    const attacks = lines(D, { ...D, linked: 0.91 }, { ...D, messages: 16, linked: 0.95 });
    const linked = rowsOf({ ...EMPTY, attacks }, NAMES).filter(({ metric }) => metric.startsWith('LFW pairs'));
    expect(linked.map(({ attacker, value }) => [attacker, value])).toEqual([
      ['D', 0.91],
      ['A', 0.95],
    ]);
  });

  it('puts beside a number what the same command found again, of the same networks only', () => {
    const again = lines({ ...D, linked: 0.86, plain_photos_linked: 0.97 }, { ...D, networks: 'bbbbbbbb', pairs: 256 });
    const files = { ...EMPTY, attacks: lines({ ...D, plain_photos_linked: 0.97 }, { ...D, pairs: 256 }), again };
    const report = buildReport(files, RELEASE, NAMES);
    expect(report.repeated.map(({ metric, value, again, within }) => [metric, value, again, within])).toEqual([
      ['LFW pairs linked, message to plain photo', 0.9, 0.86, false],
      ['the same, TAR at FAR 1e-3', 0.2, 0.2, null],
    ]);
    expect(markdownOf(report)).toContain('0 of 1 figures with an interval were found within it');
  });

  it('says what attackers of others’ defences know, and repeats no dial that they lack', () => {
    const pictures = { ...D, defence: 'partialface', generator: undefined, bits: undefined };
    const [row] = rowsOf({ ...EMPTY, attacks: lines(pictures) }, NAMES);
    expect(row!.knowledge).toMatch(/^how pictures are hidden/);
    expect(row!.command).toBe(
      'python3 -m training.attack D --defence partialface --pairs 1024 --epochs 10 --rate 0.0005',
    );
    const solved = { ...pictures, solved: true, pairs: null, epochs: 0 };
    const [first] = rowsOf({ ...EMPTY, attacks: lines(pictures, solved) }, NAMES);
    expect(first).toMatchObject({
      settings: 'equations solved, nothing trained',
      command: 'python3 -m training.solver',
      knowledge: 'how pictures are hidden, the clean tail, and 192 photos of others',
    });
  });

  it('keeps a narrow painter apart from the one of full width', () => {
    const I = { ...D, attacker: 'I', pairs: null, rate: 0.001, epochs: 0.3, verified: 0.8 };
    const rows = rowsOf({ ...EMPTY, attacks: lines(I, { ...I, width: 96, verified: 0.7 }) }, NAMES);
    expect(rows.map(({ settings, value }) => [settings, value])).toEqual([
      ['0.3 epochs', 0.8],
      ['painter of width 96, 0.3 epochs', 0.7],
    ]);
    expect(rows[1]!.command).toBe('python3 -m training.attack I --defence xnn-d --epochs 0.3 --width 96');
  });

  it('keeps what learnt another embedding apart, and out of the headline', () => {
    const attacks = lines(D, { ...D, embedding: 'tail', linked: 0.99 });
    const linked = rowsOf({ ...EMPTY, attacks }, NAMES).filter(({ metric }) => metric.startsWith('LFW pairs'));
    expect(linked.map(({ settings, value }) => [settings, value])).toEqual([
      ['1,024 photos, 10 epochs', 0.9],
      ['the clean tail’s embedding, 1,024 photos, 10 epochs', 0.99],
    ]);
    expect(linked[1]!.command).toMatch(/ --rate 0.0005 --embedding tail$/);
    expect(buildReport({ ...EMPTY, attacks }, RELEASE, NAMES).headline.rows[1]!.cells[2]).toBe('90 %');
  });

  it('gives of attackers on keyed mode what each learnt from, and who is given the order of places', () => {
    const line = { date: '2026-01-02', commit: 'abcdef0', networks: 'n', pairs: 20000, knows: 'x' };
    const keyed = lines(
      { ...line, attacker: 'D', linked: 0.5 },
      { ...line, attacker: 'R', val_rank1: 0.02 },
      { ...line, attacker: 'known plaintext', key_error_1: 1.4 },
      { ...line, attacker: 'utility', lfw: 0.99 },
    );
    const told = rowsOf({ ...EMPTY, keyed }, NAMES).map(({ attacker, settings, queries }) => [attacker, settings, queries.slice(0, 7)]); // prettier-ignore
    expect(told).toEqual([
      ['D', '20,000 photos', 'runs th'],
      ['R', 'all labelled photos', 'runs th'],
      ['P', '', 'as many'],
      ['S', '', ''],
    ]);
    const bundle = { ...line, row: 'statistics', encoder: 'e', weights: 'w', rank1_of_100_records: 0.5 };
    const xnn = lines({ ...bundle, defence: 'xnn' }, { ...bundle, defence: 'xnn-hardened' });
    expect(rowsOf({ ...EMPTY, xnn }, NAMES).map(({ knowledge }) => /order of the places/.test(knowledge))).toEqual([
      false,
      true,
    ]);
  });

  it('says which line lacks a number', () => {
    const broken = { date: '2026-01-02', commit: 'abcdef0', attacker: 'D', defence: 'clean' };
    expect(() => rowsOf({ ...EMPTY, attacks: lines(broken) }, NAMES)).toThrow('no number messages');
  });
});

describe('a report', () => {
  it('has no chart without points, leaves bad numbers in, and says what was not run', () => {
    const report = buildReport({ ...EMPTY, attacks: lines({ ...D, linked: 1 }) }, RELEASE, NAMES);
    expect(report.charts.map(({ title }) => title)).toEqual(['What more photos give an attacker']);
    const page = markdownOf(report);
    for (const part of ['100 % [99.9, 100]', 'What we do not protect against', 'W, the picture of a message'])
      expect(page).toContain(part);
    expect(svgOf(report.charts[0]!)).toContain('<title>What more photos give an attacker</title>');
  });
});

describe('stolen databases', () => {
  it('stand apart by what was compared, and two tenants under noise and under keys are in the headline', () => {
    const floor = {
      d_sys_of_strangers_against_strangers: 0.018,
      networks: 'abc',
      date: '2026-01-02',
      commit: 'abcdef0',
    };
    const thief = { ...floor, attacker: 'T', defence: 'xnn-d', linked: 0.98, d_sys: 0.97 };
    const report = buildReport(
      {
        ...EMPTY,
        keyed: lines({ ...floor, attacker: 'D_sys', knows: 'two keys', pairs: 20, d_sys: 0.01, d_sys_one_key: 0.99 }),
        thief: lines(
          { ...thief, databases: 'two tenants of this release' },
          { ...thief, databases: 'one database, and plain photos', d_sys: 0.5 },
        ),
      },
      RELEASE,
      NAMES,
    );
    const stolen = report.headline.rows.find(({ question }) => question.startsWith('Do two stolen databases'));
    expect(stolen!.cells).toEqual([null, null, '0.970', '0.010', '0.018']);
    expect(report.rows.filter(({ defence, unit }) => defence === 'xnn-d' && unit === 'share')).toHaveLength(2);
  });
});

describe('several seeds', () => {
  const attacks = lines(
    D,
    { ...D, seed: 2, linked: 0.92 },
    { ...D, seed: 3, linked: 0.97 },
    { ...D, pairs: 256, linked: 0.5 },
  );
  const report = buildReport({ ...EMPTY, attacks }, RELEASE, NAMES);

  it('are rows of their own, each with its command', () => {
    const own = report.rows.filter(
      ({ metric, settings }) => metric.startsWith('LFW pairs') && settings.includes('1,024'),
    );
    expect(own.map(({ settings, value }) => [settings, value])).toEqual([
      ['1,024 photos, 10 epochs', 0.9],
      ['1,024 photos, 10 epochs, seed 2', 0.92],
      ['1,024 photos, 10 epochs, seed 3', 0.97],
    ]);
    expect(new Set(own.map(({ run }) => run)).size).toBe(3);
    expect(own[1]!.command).toMatch(/ --seed 2$/);
  });

  it('are their mean, lowest and highest in the headline, and their mean in the chart', () => {
    expect(report.headline.rows[1]!.cells[2]).toBe('93 % [90, 97]');
    const points = report.charts[0]!.series[0]!.points;
    expect(points.map(({ x }) => x)).toEqual([256, 1024]);
    expect(points[1]!.y).toBeCloseTo(0.93, 10);
  });
});

describe('noise of another level, or messages of other bits', () => {
  const S = { ...D, attacker: 'S', pairs: null, epochs: 0.5, rate: 0.0003, linked: undefined, lfw: 0.98 };
  const attacks = lines(
    D,
    S,
    { ...D, level: 4, linked: 0.8 },
    { ...S, level: 4, lfw: 0.96 },
    { ...D, level: 8, epochs: 40, linked: 0.7 },
    { ...D, bits: 8, linked: 0.94 },
    { ...S, bits: 8, lfw: 0.99 },
    { ...D, positions: 7, linked: 0.93 },
  );
  const report = buildReport({ ...EMPTY, attacks }, RELEASE, NAMES);
  const chart = (title: string) => report.charts.find((candidate) => candidate.title === title)!;

  it('is a row of its own with its command, and not in the headline, which is of the release', () => {
    const linked = report.rows.filter(({ metric }) => metric.startsWith('LFW pairs'));
    expect(linked.map(({ settings }) => settings)).toEqual([
      '1,024 photos, 10 epochs',
      '1,024 photos, noise of 4 times the amplitude, 10 epochs',
      '1,024 photos, 8 bits a value, 10 epochs',
      '1,024 photos, maps of 7×7, 10 epochs',
      '1,024 photos, noise of 8 times the amplitude, 40 epochs',
    ]);
    expect(linked[1]!.command).toMatch(/ --level 4$/);
    expect(report.headline.rows[0]!.cells[2]).toMatch(/^98 %/);
    expect(report.headline.rows[1]!.cells[2]).toMatch(/^90 %/);
    expect(chart('What more photos give an attacker').series[0]!.points).toHaveLength(1);
  });

  it('is drawn by level: 20 log10 2 = 6 dB, the release’s, and 20 log10 4 = 12 dB', () => {
    expect(chart('Louder noise').series).toEqual([
      {
        name: 'S, XNN-d',
        points: [
          { x: 6, y: 0.98, name: '6 dB' },
          { x: 12, y: 0.96, name: '12 dB' },
        ],
      },
      {
        name: 'D, XNN-d',
        points: [
          { x: 6, y: 0.9, name: '6 dB' },
          { x: 12, y: 0.8, name: '12 dB' },
        ],
      },
    ]);
  });
});

describe('what the headline compares', () => {
  const longer = { ...D, pairs: 4096, epochs: 20, batch: 128 };

  it('had the same budget: the largest that clean features, Gaussian noise and XNN-d share', () => {
    const attacks = lines(
      D,
      { ...D, defence: 'clean', linked: 0.92 },
      { ...longer, linked: 0.97 },
      { ...longer, defence: 'clean', linked: 0.98 },
      { ...longer, defence: 'clean', pairs: 20480, linked: 0.99 },
    );
    const linked = buildReport({ ...EMPTY, attacks }, RELEASE, NAMES).headline.rows[1]!;
    expect(linked.cells.slice(0, 3).map((text) => text?.slice(0, 4))).toEqual(['98 %', undefined, '97 %']);
    expect(linked.measure).toMatch(/\(4,096 photos, 20 epochs\)$/);
  });

  it('is drawn with the longest training of each number of photos, whose batch the command says', () => {
    const report = buildReport(
      { ...EMPTY, attacks: lines(D, { ...D, epochs: 40, linked: 0.95 }, longer) },
      RELEASE,
      NAMES,
    );
    expect(report.charts[0]!.series[0]!.points.map(({ x, y }) => [x, y])).toEqual([[1024, 0.95], [4096, 0.9]]); // prettier-ignore
    expect(report.rows.at(-1)!.command).toMatch(/ --batch 128$/);
  });
});

describe('a learning curve', () => {
  it('is a share of its first loss, over its training', () => {
    // Of what the release sends: not of other noise, generators, messages or several of them.
    const others = [
      { level: 4 },
      { generator: 'other' },
      { bits: 8 },
      { positions: 7 },
      { deeper: 3 },
      { messages: 64 },
    ];
    const attacks = lines(
      { ...D, losses: [0.8, 0.4, 0.2] },
      ...others.map((dial) => ({ ...D, ...dial, losses: [1, 1] })),
    );
    const report = buildReport({ ...EMPTY, attacks }, RELEASE, NAMES);
    const { series } = report.charts.find(({ title }) => title.startsWith('How attackers'))!;
    expect(series.map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])])).toEqual([
      ['D', [[0, 1], [0.5, 0.5], [1, 0.25]]],
    ]); // prettier-ignore
  });
});

describe('numbers', () => {
  it.each([
    // By hand: p̂ = 0.5, n = 100 gives 0.5 ± 0.09617; none of 10 gives 0 to z²/(n + z²).
    [0.5, 100, 0.4038, 0.5962],
    [0, 10, 0, 0.2775],
  ])('Wilson of %f in %i', (share, n, low, high) => {
    expect(wilson(share, n).low).toBeCloseTo(low, 4);
    expect(wilson(share, n).high).toBeCloseTo(high, 4);
  });

  it('read as people write them', () => {
    expect([0.927, 0.5, 1, 0, 2.5e-6].map((value) => formatted(value, 'share'))).toEqual(
      ['92.7 %', '50 %', '100 %', '0 %', '0.00025 %'], // prettier-ignore
    );
    const [row] = rowsOf({ ...EMPTY, attacks: lines(D) }, NAMES);
    expect(withInterval(row!)).toBe('90 % [89.2, 90.7]');
  });
});
