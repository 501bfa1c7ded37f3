import type { Chart, Report, ReportRow } from '../../wire/report.js';
import { counted, defenceName, formatted, withInterval } from '../../client/figures.js';
import { learningCurves, LINKED, rowsOf, type LearningCurve, type Names, type RowFiles } from './rows.js';
import { ATTACKERS, NOT_PROTECTED, NOT_RUN } from './words.js';

/** The report of what the row files hold. */
export function buildReport(files: RowFiles, release: Report['release'], names: Names): Report {
  const rows = rowsOf(files, names);
  const asReleased = rows.filter(({ settings }) => !OTHERWISE.test(settings));
  return {
    release,
    headline: headlineOf(asReleased),
    charts: [
      utilityAgainstLeakage(asReleased),
      louderNoise(rows),
      linkageByPhotos(asReleased),
      learning(learningCurves(files.attacks)),
    ].filter((chart) => chart.series.length > 0),
    attackers: ATTACKERS.filter(({ id }) => rows.some(({ attacker }) => attacker === id)),
    rows,
    notProtected: NOT_PROTECTED,
    notRun: NOT_RUN.filter(({ unless }) => unless === undefined || !rows.some(unless)).map(({ what, reason }) => ({
      what,
      reason,
    })),
  };
}

type Wanted = Partial<Pick<ReportRow, 'attacker' | 'defence' | 'metric'>> & {
  readonly settings?: RegExp;
  readonly knowledge?: RegExp;
};

/** The last such row: of several budgets the largest, of one the newest. */
function find(rows: readonly ReportRow[], { settings, knowledge, ...exact }: Wanted): ReportRow | undefined {
  return rows.findLast(
    (row) =>
      Object.entries(exact).every(([key, value]) => row[key as keyof ReportRow] === value) &&
      (settings?.test(row.settings) ?? true) &&
      (knowledge?.test(row.knowledge) ?? true),
  );
}

/** What that row's budget gave under every seed. */
function seedsOf(rows: readonly ReportRow[], row: ReportRow): number[] {
  const budget = ({ attacker, defence, metric, knowledge, settings }: ReportRow) =>
    [attacker, defence, metric, knowledge, settings.replace(/, seed \d+$/, '')].join('\n');
  return rows.filter((other) => budget(other) === budget(row)).map(({ value }) => value);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const SENT = ['clean', 'gaussian', 'xnn-d'] as const;
const OTHERS = ['paper', 'instahide-2', 'instahide-3', 'partialface', 'ldp-slicing'] as const;
const VERIFIED = 'recovered faces: LFW pairs told right by dlib';
const RANK_ONE = 'rank-1 among 50 held-out people';
const VIEW_2 = 'LFW View 2, pairs told right';
const NO_KEY = /no key of the victim/;
const UNLINKABILITY = 'D_sys of two databases';
/** What is compared in the headline had the same budget. */
const BUDGET = /^1,024 photos/;
const OWN_EMBEDDING = /^the clean tail’s embedding, 1,024 photos/;
const PAINTER_BUDGET = /^0.3 epochs/;
const LEVEL = /noise of ([\d.]+) times the amplitude/;
/** What is sent in another way than the release sends it. */
const OTHERWISE = new RegExp(`${LEVEL.source}|bits a value`);

function headlineOf(rows: readonly ReportRow[]): Report['headline'] {
  const cell = (wanted: Wanted) => {
    const row = find(rows, wanted);
    if (row === undefined) return null;
    const values = seedsOf(rows, row);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return withInterval({ ...row, value: mean(values), ...(low < high ? { low, high } : { low: null, high: null }) });
  };
  const across = (wanted: Wanted, keyed: Wanted, chance: string) => [
    ...SENT.map((defence) => cell({ ...wanted, defence })),
    cell({ ...keyed, defence: 'own key' }) ?? 'not run',
    chance,
  ];
  const floor = find(rows, { attacker: 'T', metric: UNLINKABILITY })?.chance ?? null;
  const strangers = floor === null ? null : formatted(floor, 'score');
  const guesses = find(rows, { attacker: 'H', metric: 'tries accepted' });
  const hill = rows.filter(({ attacker, defence }) => attacker === 'H' && defence === 'xnn-d');
  const accepted = hill.filter(
    ({ metric, knowledge }) => metric.startsWith('people let in') && !/gets scores/.test(knowledge),
  );
  return {
    columns: ['Clean features', 'Gaussian noise', 'XNN-d, as released', 'Own key', 'Guessing'],
    rows: [
      {
        question: 'Does the product still tell people apart?',
        measure: 'S, pairs of LFW View 2 told right, after the same short training; under a key, the product itself',
        cells: across({ attacker: 'S', metric: VIEW_2 }, { attacker: 'utility', metric: VIEW_2 }, '50 %'),
      },
      {
        question: 'Can a stranger link a message to your photo?',
        measure: 'D, pairs linked after 1,024 photos of other people; under a key after 20,000',
        cells: across(
          { attacker: 'D', metric: LINKED.name, settings: BUDGET },
          { attacker: 'D', metric: LINKED.name, knowledge: NO_KEY },
          '50 %',
        ),
      },
      {
        question: 'And by the product’s own embedding, not a foreign one?',
        measure: 'D, taught the clean tail’s, which every browser with a key has; as many photos',
        cells: [
          null,
          null,
          cell({ attacker: 'D', defence: 'xnn-d', metric: LINKED.name, settings: OWN_EMBEDDING }),
          null,
          '50 %',
        ],
      },
      {
        question: 'Can he paint your face from it?',
        measure: 'I after 0.3 epochs, paintings by which dlib’s network knows the person, pairs told right',
        cells: across(
          { attacker: 'I', metric: VERIFIED, settings: PAINTER_BUDGET },
          { attacker: 'I', metric: VERIFIED, knowledge: NO_KEY },
          cell({ attacker: 'I', metric: VERIFIED, defence: 'nothing' }) ?? '50 %',
        ),
      },
      {
        question: 'Can he train a recogniser of his own?',
        measure: 'R, right name of 50 people at first guess, from the clean tail’s weights',
        cells: across(
          { attacker: 'R', metric: RANK_ONE, settings: /clean tail/ },
          { attacker: 'R', metric: RANK_ONE, knowledge: NO_KEY },
          '2 %',
        ),
      },
      {
        question: 'Do two stolen databases tell who is in both?',
        measure: 'T, D_sys: 0 unlinkable, 1 fully linkable',
        cells: [null, null, null, cell({ attacker: 'T', metric: UNLINKABILITY }), strangers],
      },
      {
        question: 'Does asking again and again get him in?',
        measure: 'H, let in without the service’s limits, by verdicts only',
        cells: [
          null,
          null,
          accepted.length === 0
            ? null
            : `${accepted.reduce((sum, { value }) => sum + value, 0)} of ${triesOf(accepted)}`,
          guesses === undefined ? null : acceptedOf(guesses),
          null,
        ],
      },
    ],
    remarks: [
      'The higher a leakage figure above guessing, the worse. Under noise every one of them is bad: noise alone does not protect who you are, and no claim beyond “no picture and no clean features are sent” is made for it.',
      'Under an own key they are those of guessing, by proof and by measurement, as long as the key is secret.',
      'Of several seeds, the mean and in brackets the lowest and the highest. Minutes of one core an attacker: a patient one does better. Each number with its settings, interval, date and commit is below.',
    ],
  };
}

/** Of guesses, whose settings begin with their number. */
function acceptedOf({ value, settings }: ReportRow): string {
  const tries = Number(/^[\d,]+/.exec(settings)?.[0].replaceAll(',', ''));
  return `${Math.round(value * tries)} of ${counted(tries)} tries`;
}

function triesOf(rows: readonly ReportRow[]): string {
  const tries = rows.reduce((sum, { queries }) => sum + Number(queries.replaceAll(/\D/g, '')), 0);
  return `${counted(tries)} tries`;
}

/** An axis of shares in percent. */
const shares = (label: string, ...at: readonly number[]): Chart['x'] => ({
  label,
  ticks: at.map((share) => ({ at: share, text: `${Math.round(100 * share)} %` })),
  logarithmic: false,
});

function utilityAgainstLeakage(rows: readonly ReportRow[]): Chart {
  const points = [...SENT, ...OTHERS, 'own key'].flatMap((defence) => {
    const keyed = defence === 'own key';
    const utility = find(rows, { attacker: keyed ? 'utility' : 'S', metric: VIEW_2, defence });
    const leakage = find(rows, {
      attacker: 'D',
      metric: LINKED.name,
      defence,
      ...(keyed ? { knowledge: NO_KEY } : { settings: BUDGET }),
    });
    return utility && leakage
      ? [{ x: mean(seedsOf(rows, leakage)), y: mean(seedsOf(rows, utility)), name: defenceName(defence) }]
      : [];
  });
  return {
    title: 'Use against leakage',
    text: 'Up is useful, left is private. Whatever is sent lies near one line: as far as it is of use, it is linked to photos. Others’ defences had minutes of training and lie low on it. The own key is alone on the left, at no cost in use.',
    x: shares('leakage: LFW pairs linked by D', 0.5, 0.6, 0.7, 0.8, 0.9, 1),
    y: shares('use: LFW View 2 told right', 0.7, 0.8, 0.9, 1),
    series: points.map((point) => ({ name: point.name, points: [point] })),
  };
}

/** The same attackers at several levels of noise; no series before there are two. */
function louderNoise(rows: readonly ReportRow[]): Chart {
  const level = ({ settings }: ReportRow) => Number(LEVEL.exec(settings)?.[1] ?? 1);
  const first = ({ attacker, settings, seed }: ReportRow, wanted: string) =>
    attacker === wanted && seed === 1 && !settings.includes('bits a value');
  const series = (['gaussian', 'xnn-d'] as const).map((defence) => {
    const own = rows.filter((row) => row.defence === defence);
    const use = own.filter((row) => first(row, 'S') && row.metric === VIEW_2);
    const points = own
      .filter((row) => first(row, 'D') && row.metric === LINKED.name && BUDGET.test(row.settings))
      .flatMap((row) => {
        const utility = use.find((other) => level(other) === level(row));
        return utility ? [{ x: row.value, y: utility.value, name: decibels(level(row)) }] : [];
      });
    return { name: defenceName(defence), points: points.sort((a, b) => a.x - b.x) };
  });
  return {
    title: 'Louder noise',
    text: 'S and D trained anew at each level. Louder noise takes from both, and four times the power (+6 dB) leaves D most of what he had. The learnt noise keeps more of the use than Gaussian noise does, at a little more leakage.',
    x: shares('leakage: LFW pairs linked by D', 0.5, 0.6, 0.7, 0.8, 0.9, 1),
    y: shares('use: LFW View 2 told right', 0.8, 0.85, 0.9, 0.95, 1),
    series: series.filter(({ points }) => points.length > 1),
  };
}

/** The power of noise of that amplitude, the features' being 0 dB: "+6 dB". */
function decibels(level: number): string {
  const value = Math.round(20 * Math.log10(level));
  return `${value > 0 ? '+' : ''}${value} dB`;
}

function linkageByPhotos(rows: readonly ReportRow[]): Chart {
  const linked = rows.filter(
    ({ attacker, metric, settings }) => attacker === 'D' && metric === LINKED.name && !settings.includes('seed'),
  );
  const series = [...SENT, 'own key'].map((defence) => ({
    name: defenceName(defence),
    points: linked
      .filter((row) => row.defence === defence && (defence !== 'own key' || NO_KEY.test(row.knowledge)))
      .map((row) => ({ ...row, value: mean(seedsOf(rows, row)) }))
      .map(({ settings, value }) => ({ photos: Number(/^[\d,]+/.exec(settings)?.[0].replaceAll(',', '')), value }))
      .filter(({ photos }) => photos > 0)
      .sort((a, b) => a.photos - b.photos)
      .map(({ photos, value }) => ({ x: photos, y: value, name: `${counted(photos)} photos` })),
  }));
  return {
    title: 'What more photos give an attacker',
    text: 'Under noise D rises nearly as fast as on clean features. Under an own key he stays at guessing after 20,000.',
    x: {
      label: 'photos of other people that D learnt from',
      ticks: [100, 1000, 10_000, 100_000].map((at) => ({ at, text: counted(at) })),
      logarithmic: true,
    },
    y: shares('LFW pairs linked', 0.5, 0.6, 0.7, 0.8, 0.9, 1),
    series: series.filter(({ points }) => points.length > 0),
  };
}

function learning(curves: readonly LearningCurve[]): Chart {
  const series = ['S', 'D', 'I', 'R'].flatMap((attacker) => {
    const curve = curves.findLast((other) => other.attacker === attacker && other.defence === 'xnn-d');
    if (curve === undefined) return [];
    const { losses } = curve;
    const points = losses.map((loss, i) => {
      const [x, y] = [i / (losses.length - 1), loss / losses[0]!];
      return { x, y, name: `${Math.round(100 * y)} % of the first loss` };
    });
    return [{ name: attacker, points }];
  });
  return {
    title: 'How attackers of the released noise learn',
    text: 'Each attacker’s loss on his own photos, as a share of what it was in his first steps. Where it still falls he would get better with time. Their rates go to zero at the end, so a flat end is no proof that he would not.',
    x: shares('share of the training', 0, 0.25, 0.5, 0.75, 1),
    y: shares('loss, of the first', 0, 0.25, 0.5, 0.75, 1),
    series,
  };
}
