import type { Chart, Report, ReportRow } from '../../wire/report.js';
import { NOISE_LEVEL } from '../../core/spec.js';
import { counted, defenceName, formatted, withInterval } from '../../client/figures.js';
import { learningCurves, LINKED, repeatedOf, rowsOf, type LearningCurve, type Names, type RowFiles } from './rows.js';
import { ATTACKERS, NOT_PROTECTED, NOT_RUN } from './words.js';

/** The report of what the row files hold. */
export function buildReport(files: RowFiles, release: Report['release'], names: Names): Report {
  const rows = rowsOf(files, names);
  const repeated = repeatedOf(files.again, rows, names);
  const asReleased = rows.filter(({ settings }) => !OTHERWISE.test(settings));
  return {
    release,
    headline: headlineOf(asReleased, repeated),
    charts: [
      utilityAgainstLeakage(asReleased),
      louderNoise(rows),
      linkageByPhotos(asReleased),
      learning(learningCurves(files.attacks)),
    ].filter((chart) => chart.series.length > 0),
    attackers: ATTACKERS.filter(({ id }) => rows.some(({ attacker }) => attacker === id)),
    rows,
    repeated,
    notProtected: NOT_PROTECTED,
    notRun: NOT_RUN,
  };
}

type Wanted = Partial<Pick<ReportRow, 'attacker' | 'defence' | 'metric'>> & {
  readonly settings?: RegExp;
  readonly knowledge?: RegExp;
};

/** The last such row: of several budgets the largest, of one the newest. */
function find(rows: readonly ReportRow[], wanted: Wanted): ReportRow | undefined {
  return rows.findLast((row) => isWanted(row, wanted));
}

function isWanted(row: ReportRow, { settings, knowledge, ...exact }: Wanted): boolean {
  return (
    Object.entries(exact).every(([key, value]) => row[key as keyof ReportRow] === value) &&
    (settings?.test(row.settings) ?? true) &&
    (knowledge?.test(row.knowledge) ?? true)
  );
}

/** What a row had to learn from, whatever its seed. */
const budgetOf = ({ settings }: ReportRow) => settings.replace(/, seed \d+$/, '');

/** What that row's budget gave under every seed. */
function seedsOf(rows: readonly ReportRow[], row: ReportRow): number[] {
  const same = ({ attacker, defence, metric, knowledge }: ReportRow) =>
    [attacker, defence, metric, knowledge].join('\n');
  return rows
    .filter((other) => same(other) === same(row) && budgetOf(other) === budgetOf(row))
    .map(({ value }) => value);
}

/** The largest budget that all of them have had, as far as they have rows. */
function commonBudget(rows: readonly ReportRow[], wanted: Wanted, defences: readonly string[] = SENT): string {
  const budgets = defences
    .map((defence) => rows.filter((row) => isWanted(row, { ...wanted, defence })).map(budgetOf))
    .filter((own) => own.length > 0);
  return budgets[0]?.findLast((budget) => budgets.every((own) => own.includes(budget))) ?? '';
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const SENT = ['clean', 'gaussian', 'xnn-d'] as const;
const OTHERS = ['paper', 'instahide-2', 'instahide-3', 'minusface', 'partialface', 'ldp-slicing'] as const;
const VERIFIED = 'recovered faces: LFW pairs told right by dlib';
const RANK_ONE = 'rank-1 among 50 held-out people';
const VIEW_2 = 'LFW View 2, pairs told right';
const NO_KEY = /no key of the victim/;
const UNLINKABILITY = 'D_sys of two databases';
const TWO_TENANTS = /^two tenants/;
const OWN_EMBEDDING = /^the clean tail’s embedding/;
/** Budgets that begin with their photos or epochs: dlib's embedding, painters of full width. */
const USUAL = /^[\d.]/;
const SOLVED = /equations solved/;
const FROM_CLEAN_TAIL = /^from the clean tail’s weights/;
const LEVEL = /noise of ([\d.]+) times the amplitude/;
/** Messages of another size than the release's. */
const OTHER_SIZE = /bits a value|maps of|blocks later/;
/** What is sent in another way than the release sends it. */
const OTHERWISE = new RegExp(`${LEVEL.source}|${OTHER_SIZE.source}|the generator “`);

/** How many figures were found again. */
export function foundAgain(repeated: Report['repeated']): string {
  const judged = repeated.filter(({ within }) => within !== null);
  const same = judged.filter(({ value, again }) => value === again).length;
  return `Run again from data and release alone, ${judged.filter(({ within }) => within).length} of ${judged.length} figures with an interval were found within it, ${same} of them to the last digit.`;
}

function headlineOf(rows: readonly ReportRow[], repeated: Report['repeated']): Report['headline'] {
  const cell = (wanted: Wanted, among = rows) => {
    const row = find(among, wanted);
    if (row === undefined) return null;
    const values = seedsOf(rows, row);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return withInterval({ ...row, value: mean(values), ...(low < high ? { low, high } : { low: null, high: null }) });
  };
  /** What was trained with the same budget on each, and what that was. */
  const across = (measure: string, wanted: Wanted, keyed: Wanted, chance: string) => {
    const budget = commonBudget(rows, wanted);
    const alike = rows.filter((row) => budgetOf(row) === budget);
    return {
      measure: budget === '' ? measure : `${measure} (${budget})`,
      cells: [
        ...SENT.map((defence) => cell({ ...wanted, defence }, alike)),
        cell({ ...keyed, defence: 'own key' }) ?? 'not run',
        chance,
      ],
    };
  };
  const floor = find(rows, { attacker: 'T', metric: UNLINKABILITY, defence: 'own key' })?.chance ?? null;
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
        ...across(
          'S, pairs of LFW View 2 told right; under a key, the product itself',
          { attacker: 'S', metric: VIEW_2 },
          { attacker: 'utility', metric: VIEW_2 },
          '50 %',
        ),
      },
      {
        question: 'Can a stranger link a message to your photo?',
        ...across(
          'D, pairs linked after photos of other people; under a key after 20,000',
          { attacker: 'D', metric: LINKED.name, settings: USUAL },
          { attacker: 'D', metric: LINKED.name, knowledge: NO_KEY },
          '50 %',
        ),
      },
      {
        question: 'And by the product’s own embedding, not a foreign one?',
        measure: 'D, taught the clean tail’s, which every browser with a key has; 1,024 photos',
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
        ...across(
          'I, pairs of a painting and a photo told right by dlib’s network',
          { attacker: 'I', metric: VERIFIED, settings: USUAL },
          { attacker: 'I', metric: VERIFIED, knowledge: NO_KEY },
          cell({ attacker: 'I', metric: VERIFIED, defence: 'nothing' }) ?? '50 %',
        ),
      },
      {
        question: 'Can he train a recogniser of his own?',
        ...across(
          'R, right name of 50 people at first guess',
          { attacker: 'R', metric: RANK_ONE, settings: FROM_CLEAN_TAIL },
          { attacker: 'R', metric: RANK_ONE, knowledge: NO_KEY },
          '2 %',
        ),
      },
      {
        question: 'Do two stolen databases tell who is in both?',
        measure: 'T, D_sys: 0 unlinkable, 1 fully linkable',
        cells: [
          null,
          null,
          cell({ attacker: 'T', metric: UNLINKABILITY, defence: 'xnn-d', settings: TWO_TENANTS }),
          cell({ attacker: 'T', metric: UNLINKABILITY, defence: 'own key' }),
          strangers,
        ],
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
      'The higher a leakage figure above guessing, the worse. Under noise all but the last are bad: noise alone does not protect who you are, and no claim beyond “no picture and no clean features are sent” is made for it.',
      'Under an own key they are those of guessing, by proof and by measurement, for whoever has neither the key nor photos beside the messages that were made of them. That messages of one key belong together is plain to see.',
      'In brackets what each had to learn from; of several seeds, the mean and in brackets the lowest and the highest. A patient attacker does better. Each number with its settings, interval, date and commit is below.',
      ...(repeated.length > 0 ? [foundAgain(repeated)] : []),
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
  const [student, linker] = [
    { attacker: 'S', metric: VIEW_2 },
    { attacker: 'D', metric: LINKED.name, settings: USUAL },
  ];
  const noise = [...SENT, ...OTHERS];
  /** The rows of the largest training that all have had. */
  const alike = (wanted: Wanted) => {
    const budget = commonBudget(rows, wanted, noise);
    return rows.filter((row) => budgetOf(row) === budget);
  };
  const [trained, learnt] = [alike(student), alike(linker)];
  const points = [...noise, 'own key'].flatMap((defence) => {
    const keyed = defence === 'own key';
    const utility = keyed
      ? find(rows, { attacker: 'utility', metric: VIEW_2, defence })
      : find(trained, { ...student, defence });
    const leakage = keyed
      ? find(rows, { attacker: 'D', metric: LINKED.name, defence, knowledge: NO_KEY })
      : find(learnt, { ...linker, defence });
    return utility && leakage
      ? [{ x: mean(seedsOf(rows, leakage)), y: mean(seedsOf(rows, utility)), name: defenceName(defence) }]
      : [];
  });
  const solved = find(rows, { ...linker, defence: 'partialface', settings: SOLVED });
  const untrained = solved ? ` Who solves PartialFace’s equations links ${formatted(solved.value, 'share')}.` : '';
  return {
    title: 'Use against leakage',
    text: `Up is useful, left is private. Whatever is sent lies near one line: as far as it is of use, it is linked to photos. All were given the same training; others’ defences start from networks that never saw what they send, and lie low for it.${untrained} The own key is alone on the left, at no cost in accuracy; it verifies, and finds nobody among many.`,
    x: shares('leakage: LFW pairs linked by D', 0.5, 0.6, 0.7, 0.8, 0.9, 1),
    y: shares('use: LFW View 2 told right', 0.8, 0.85, 0.9, 0.95, 1),
    series: points.map((point) => ({ name: point.name, points: [point] })),
  };
}

/** Use and leakage by the noise's level; no series of what was run at one level only. */
function louderNoise(rows: readonly ReportRow[]): Chart {
  const level = ({ settings }: ReportRow) => Number(LEVEL.exec(settings)?.[1] ?? NOISE_LEVEL);
  const budget = (row: ReportRow) => budgetOf(row).replace(`${LEVEL.exec(row.settings)?.[0]}, `, '');
  const asked: readonly (readonly [string, Wanted])[] = [
    ['S', { attacker: 'S', metric: VIEW_2 }],
    ['D', { attacker: 'D', metric: LINKED.name }],
    ['I', { attacker: 'I', metric: VERIFIED }],
  ];
  const names = { gaussian: 'Gaussian', 'xnn-d': 'XNN-d' } as const;
  const series = asked.flatMap(([attacker, wanted]) =>
    (['gaussian', 'xnn-d'] as const).map((defence) => {
      const own = rows.filter(
        (row) => isWanted(row, { ...wanted, defence }) && USUAL.test(budget(row)) && !OTHER_SIZE.test(row.settings),
      );
      const levels = (of: ReportRow) => new Set(own.filter((row) => budget(row) === budget(of)).map(level)).size;
      const most = Math.max(...own.map(levels));
      const last = own.findLast((row) => levels(row) === most);
      const points = own
        .filter((row) => last !== undefined && row.seed === 1 && budget(row) === budget(last))
        .map((row) => ({ x: decibels(level(row)), y: row.value, name: `${decibels(level(row))} dB` }));
      return { name: `${attacker}, ${names[defence]}`, points: points.sort((a, b) => a.x - b.x) };
    }),
  );
  return {
    title: 'Louder noise',
    text: 'Each trained anew at each level, as long at each. Louder noise takes from all; what the cloud’s student reads when it is trained for long is in the model card.',
    x: {
      label: 'power of the noise, the features’ being 0 dB',
      ticks: [0, 3, 6, 9, 12].map((at) => ({ at, text: `${at} dB` })),
      logarithmic: false,
    },
    y: shares('LFW pairs told right (S), linked (D), verified (I)', 0.5, 0.6, 0.7, 0.8, 0.9, 1),
    series: series.filter(({ points }) => points.length > 1),
  };
}

/** The power of noise of that amplitude, the features' being 0 dB. */
const decibels = (level: number) => Math.round(20 * Math.log10(level));

function linkageByPhotos(rows: readonly ReportRow[]): Chart {
  const linked = rows.filter(
    ({ attacker, metric, settings }) => attacker === 'D' && metric === LINKED.name && !settings.includes('seed'),
  );
  /** Whether clean features and both noises had that budget, the largest of that number of photos that they share. */
  const shared = ({ settings }: ReportRow) => {
    const photos = /^[\d,]+ photos/.exec(settings)?.[0];
    return photos !== undefined && commonBudget(linked, { settings: new RegExp(`^${photos}`) }) === settings;
  };
  const series = [...SENT, 'own key'].map((defence) => ({
    name: defenceName(defence),
    points: linked
      .filter((row) => row.defence === defence && (defence === 'own key' ? NO_KEY.test(row.knowledge) : shared(row)))
      .map((row) => ({ ...row, value: mean(seedsOf(rows, row)) }))
      .map(({ settings, value }) => ({ photos: Number(/^[\d,]+/.exec(settings)?.[0].replaceAll(',', '')), value }))
      .filter(({ photos }) => photos > 0)
      .sort((a, b) => a.photos - b.photos)
      .map(({ photos, value }) => ({ x: photos, y: value, name: `${counted(photos)} photos` })),
  }));
  return {
    title: 'What more photos give an attacker',
    text: 'Of each number of photos, the longest training that all three have had. Under noise D rises nearly as far as on clean features. Under an own key he stays at guessing after 20,000.',
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
