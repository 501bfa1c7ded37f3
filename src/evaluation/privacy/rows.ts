import { z } from 'zod';
import type { Report, ReportRow } from '../../wire/report.js';
import { counted } from '../../client/figures.js';
import { NOISE_LEVEL } from '../../core/spec.js';
import { wilson } from './interval.js';

/** A line of a row file. Attackers add their settings and what they measured. */
const lineSchema = z.looseObject({ date: z.string(), commit: z.string() });
type Line = z.infer<typeof lineSchema>;

/** The row files' texts; empty where there is no such file. */
export interface RowFiles {
  /** training/utility.jsonl: the product itself, through the browser. */
  readonly utility: string;
  /** training/attacks.jsonl */
  readonly attacks: string;
  /** training/again.jsonl: some of these, run again. */
  readonly again: string;
  /** training/keyed.jsonl */
  readonly keyed: string;
  /** training/thief.jsonl */
  readonly thief: string;
  /** training/hill.jsonl */
  readonly hill: string;
  /** training/xnn/attacks.jsonl */
  readonly xnn: string;
  /** training/cost.jsonl: no attack, but what it costs. */
  readonly cost: string;
}

/** How the released networks are called that a line names by a hash. Others are called by that hash alone. */
export type Names = ReadonlyMap<string, string>;

const named = (hash: string, names: Names) => (names.has(hash) ? `${names.get(hash)} (${hash})` : hash);

/** One number of a line. */
interface Metric {
  readonly key: string;
  readonly name: string;
  readonly unit: ReportRow['unit'];
  /** Independent trials that it is a share of, where they are. */
  readonly trials?: number;
  readonly chance?: number;
}

/** Pairs of LFW View 2, half of them of one person each. */
const PAIRS = 6000;
const LFW: Metric = { key: 'lfw', name: 'LFW View 2, pairs told right', unit: 'share', trials: PAIRS, chance: 0.5 };
const RANK_ONE: Metric = { key: 'val_rank1', name: 'rank-1 among 50 held-out people', unit: 'share', chance: 0.02 };
const TAR_3: Metric = { key: 'val_tar_1e-3', name: 'held-out people, TAR at FAR 1e-3', unit: 'share', chance: 1e-3 };
const TAR_4: Metric = { key: 'val_tar_1e-4', name: 'held-out people, TAR at FAR 1e-4', unit: 'share', chance: 1e-4 };
export const LINKED: Metric = {
  key: 'linked',
  name: 'LFW pairs linked, message to plain photo',
  unit: 'share',
  trials: PAIRS,
  chance: 0.5,
};
/** No attack, and always the same. */
const PLAIN: Metric = {
  key: 'plain_photos_linked',
  name: 'two plain photos, for comparison',
  unit: 'share',
  trials: PAIRS,
  chance: 0.5,
};
const VERIFIED: Metric = {
  key: 'verified',
  name: 'recovered faces: LFW pairs told right by dlib',
  unit: 'share',
  trials: PAIRS,
  chance: 0.5,
};

const PICTURE: readonly Metric[] = [
  { key: 'ssim', name: 'SSIM to the photo', unit: 'likeness' },
  { key: 'psnr', name: 'PSNR to the photo', unit: 'dB' },
];
/** Of XNN's inversion, which is judged on some of the pairs (`PAIRS` in training/xnn/attacks.py). */
const VERIFIED_SOME: Metric = { ...VERIFIED, trials: 600 };

const METRICS: Readonly<Record<string, readonly Metric[]>> = {
  S: [LFW, TAR_3, TAR_4, RANK_ONE],
  D: [
    LINKED,
    // Its threshold stands on three impostor pairs, of which Wilson's interval would know nothing.
    { key: 'tar_1e-3', name: 'the same, TAR at FAR 1e-3', unit: 'share', chance: 1e-3 },
    PLAIN,
  ],
  I: [VERIFIED, ...PICTURE],
  R: [RANK_ONE, TAR_3, LFW],
};

/** What makes two lines rows of one thing. */
const SETTINGS =
  'attacker row defence knows generator level messages bits positions deeper solved pairs photos warm rate batch width embedding epochs seed slots trained int8 whitened form shape mode victims databases'.split(
    ' ',
  );

/** Dials of training.attack as they are where nothing else is said. */
const USUAL: Readonly<Record<string, unknown>> = {
  messages: 1, bits: 4, positions: 14, deeper: 0, pairs: null, photos: null, epochs: 3, rate: 1e-3, batch: null, width: null, embedding: null, seed: 1,
  generator: 'generator', level: NOISE_LEVEL,
}; // prettier-ignore
/** Of these, what the browser sends. */
const SENT = ['generator', 'level', 'messages', 'bits', 'positions', 'deeper'];

const isUsual = (line: Line, dial: string) => (line[dial] ?? USUAL[dial]) === USUAL[dial];

/** Every number of the row files, in the report's order. Of lines with the same settings the last counts. */
export function rowsOf(files: RowFiles, names: Names): ReportRow[] {
  const from = (text: string, read: (line: Line, names: Names) => ReportRow[]) =>
    newest(lines(text)).flatMap((line) => read(line, names));
  return [
    ...from(files.utility, utilityRows),
    ...from(files.attacks, attackRows),
    ...from(files.keyed, keyedRows),
    ...from(files.thief, thiefRows),
    ...from(files.hill, hillRows),
    ...from(files.xnn, xnnRows),
    ...from(files.cost, costRows),
  ];
}

/** Those numbers of training.attack that were found again, or not, beside what is published of the same command and networks. */
export function repeatedOf(again: string, rows: readonly ReportRow[], names: Names): Report['repeated'] {
  return newest(lines(again))
    .flatMap((line) => attackRows(line, names))
    .flatMap((row) => {
      const same = (other: ReportRow) =>
        (['command', 'metric', 'networks'] as const).every((key) => other[key] === row[key]);
      const published = rows.find(same);
      if (published === undefined || PLAIN.name === row.metric) return [];
      const { command, metric, unit, value, low, high } = published;
      const { value: again, date, commit } = row;
      const within = low === null || high === null ? null : again >= low && again <= high;
      return [{ command, metric, unit, value, low, high, again, within, date, commit }];
    });
}

/** How an attacker's loss on his training photos went. */
export interface LearningCurve {
  readonly attacker: string;
  readonly defence: string;
  /** From the first steps to the last, evenly. */
  readonly losses: readonly number[];
}

/** Those that rows of training.attack on what the release sends have, the largest budget of an attacker last. */
export function learningCurves(attacks: string): LearningCurve[] {
  const asReleased = (line: Line) => SENT.every((dial) => isUsual(line, dial));
  return newest(lines(attacks)).flatMap((line) => {
    const losses = z.array(z.number()).min(2).safeParse(line['losses']);
    return losses.success && asReleased(line)
      ? [{ attacker: text(line, 'attacker'), defence: text(line, 'defence'), losses: losses.data }]
      : [];
  });
}

function lines(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => lineSchema.parse(JSON.parse(line)));
}

function newest(all: readonly Line[]): Line[] {
  const last = new Map(all.map((line) => [JSON.stringify(SETTINGS.map((key) => line[key] ?? null)), line]));
  // By budget, so that what had the same stands together.
  const budget = (line: Line) => [numberOrNull(line, 'pairs') ?? 0, numberOrNull(line, 'epochs') ?? 0] as const;
  return [...last.values()].sort((a, b) => budget(a)[0] - budget(b)[0] || budget(a)[1] - budget(b)[1]);
}

/** What the rows of one line have in common. */
type Common = Omit<ReportRow, 'metric' | 'unit' | 'value' | 'low' | 'high' | 'chance'>;

function common(
  line: Line,
  own: Pick<Common, 'attacker' | 'defence' | 'networks' | 'command'> & Partial<Common>,
): Common {
  return {
    settings: '',
    knowledge: 'encoder, generator, clean tail and every architecture; photos of others, none of the victim',
    queries: 'runs the browser’s half as often as he likes; reads one message of the victim',
    seed: numberOrNull(line, 'seed'),
    coreMinutes: numberOrNull(line, 'core_minutes'),
    device: typeof line['device'] === 'string' ? line['device'] : null,
    date: line.date,
    commit: line.commit,
    run: [own.attacker, own.defence, own.settings, own.knowledge, line['mode']].filter(Boolean).join(', '),
    ...own,
  };
}

/** The numbers that a line has, each as a row. */
function measured(line: Line, shared: Common, metrics: readonly Metric[]): ReportRow[] {
  return metrics
    .filter(({ key }) => typeof line[key] === 'number')
    .map(({ key, name, unit, trials, chance }) => {
      const value = number(line, key);
      const interval = trials === undefined ? null : wilson(value, trials);
      return {
        ...shared,
        metric: name,
        unit,
        value,
        low: interval?.low ?? null,
        high: interval?.high ?? null,
        chance: chance ?? null,
      };
    });
}

function utilityRows(line: Line): ReportRow[] {
  const shared = common(line, {
    attacker: 'utility',
    defence: text(line, 'defence'),
    networks: text(line, 'networks'),
    command: text(line, 'command'),
    knowledge: 'the product itself: both sides as sent, through the browser’s detector, alignment and networks',
    queries: 'one message a photo',
  });
  const stated = (key: string, name: string, chance: number): ReportRow[] => {
    const value = numberOrNull(line, key);
    if (value === null) return [];
    const [low, high] = [numberOrNull(line, `${key}_low`), numberOrNull(line, `${key}_high`)];
    return [{ ...shared, metric: name, unit: 'share', value, low, high, chance }];
  };
  return [
    ...measured(line, shared, [LFW]),
    ...stated('tar_1e-3', 'LFW, 4 million pairs, TAR at FAR 1e-3', 1e-3),
    ...stated('tar_1e-4', 'LFW, 4 million pairs, TAR at FAR 1e-4', 1e-4),
  ];
}

const picturesKnown = (more = '') =>
  `how pictures are hidden${more}, and every architecture; starts from the released encoder and clean tail; photos of others, none of the victim`;
const MIXTURES_KNOWN =
  'encoder, clean tail, how features are mixed, and every architecture; photos of others, none of the victim';
/** What attackers of others' defences know. */
const KNOWN: Readonly<Record<string, string>> = {
  minusface: picturesKnown(', the trained regenerator included'),
  partialface: picturesKnown(),
  'ldp-slicing': picturesKnown(),
  'instahide-2': MIXTURES_KNOWN,
  'instahide-3': MIXTURES_KNOWN,
};

function attackRows(line: Line, names: Names): ReportRow[] {
  const attacker = text(line, 'attacker');
  const [messages, pairs, epochs] = [number(line, 'messages'), numberOrNull(line, 'pairs'), number(line, 'epochs')];
  const settings = [
    line['embedding'] === 'tail' && 'the clean tail’s embedding',
    pairs !== null && `${counted(pairs)} photos`,
    line['photos'] === 'held-out' && 'of people whom the attacked networks never saw',
    messages > 1 && `mean of ${messages} messages`,
    line['warm'] === true && 'from the clean tail’s weights',
    !isUsual(line, 'generator') && `the generator “${text(line, 'generator')}”`,
    !isUsual(line, 'level') && `noise of ${number(line, 'level')} times the amplitude`,
    !isUsual(line, 'bits') && `${number(line, 'bits')} bits a value`,
    line['positions'] !== undefined && `maps of ${number(line, 'positions')}×${number(line, 'positions')}`,
    line['deeper'] !== undefined && `sent ${number(line, 'deeper')} blocks later`,
    typeof line['width'] === 'number' && `painter of width ${line['width']}`,
    line['solved'] === true ? 'equations solved, nothing trained' : epochs === 0 ? 'not trained' : `${epochs} epochs`,
    (line['seed'] ?? 1) !== 1 && `seed ${number(line, 'seed')}`,
  ];
  const defence = text(line, 'defence');
  const shared = common(line, {
    attacker: messages > 1 ? 'A' : attacker,
    defence,
    settings: settings.filter(Boolean).join(', '),
    networks: named(text(line, 'networks'), names),
    command: attackCommand(line),
    ...(KNOWN[defence] !== undefined && { knowledge: KNOWN[defence] }),
    ...(line['solved'] === true && { knowledge: 'how pictures are hidden, the clean tail, and 192 photos of others' }),
    ...(attacker === 'S' && {
      knowledge:
        'encoder, generator, a public teacher and photos without labels, none of the victim: trained to the same embedding as the released student, but not to the late map, and shorter; so the cloud, and whoever does as it does',
    }),
    ...(messages > 1 && { queries: `reads ${messages} messages of one photo of the victim` }),
  });
  return measured(line, shared, METRICS[attacker] ?? []);
}

function attackCommand(line: Line): string {
  if (line['solved'] === true) return 'python3 -m training.solver';
  const given = Object.keys(USUAL).filter((dial) => !isUsual(line, dial));
  return [
    `python3 -m training.attack ${text(line, 'attacker')} --defence ${text(line, 'defence')}`,
    ...given.map((dial) => `--${dial} ${String(line[dial])}`),
    ...(line['warm'] === true ? ['--warm'] : []),
  ].join(' ');
}

const unlinkability = (line: Line): Metric => ({
  key: 'd_sys',
  name: 'D_sys of two databases',
  unit: 'score',
  chance: number(line, 'd_sys_of_strangers_against_strangers'),
});

/** Of keyed mode's lines: which attacker of the report one is of, and its numbers. */
const KEYED: Readonly<Record<string, { attacker: string; metrics: (line: Line) => readonly Metric[] }>> = {
  D: { attacker: 'D', metrics: () => METRICS['D']! },
  R: { attacker: 'R', metrics: () => [RANK_ONE, TAR_3] },
  I: { attacker: 'I', metrics: () => METRICS['I']! },
  utility: { attacker: 'S', metrics: () => [LFW] },
  impostor: {
    attacker: 'H',
    metrics: (line) => [
      { key: 'share', name: 'tries accepted', unit: 'share', trials: number(line, 'tries') },
      { key: 'highest', name: 'highest cosine of any try', unit: 'cosine' },
    ],
  },
  D_sys: {
    attacker: 'T',
    metrics: (line) => [
      unlinkability(line),
      { key: 'd_sys_one_key', name: 'D_sys under one key, for comparison', unit: 'score' },
    ],
  },
  'known plaintext': {
    attacker: 'P',
    metrics: (line) =>
      Object.keys(line)
        .filter((key) => key.startsWith('key_error_'))
        .map((key) => key.slice('key_error_'.length))
        .flatMap((count): Metric[] => [
          {
            key: `key_error_${count}`,
            name: `error of the key after ${count} photos`,
            unit: 'error',
            chance: Math.SQRT2,
          },
          {
            key: `foretold_${count}`,
            name: `further messages foretold after ${count} photos`,
            unit: 'cosine',
            chance: 0,
          },
        ]),
  },
};

function keyedRows(line: Line, names: Names): ReportRow[] {
  const kind = text(line, 'attacker');
  const { attacker, metrics } = KEYED[kind] ?? { attacker: kind, metrics: () => [] };
  const tries = numberOrNull(line, 'tries');
  const withShare = tries === null ? line : { ...line, share: number(line, 'accepted') / tries };
  const shared = common(line, {
    attacker,
    defence: 'own key',
    settings: keyedSettings(line, tries),
    networks: named(text(line, 'networks'), names),
    knowledge: `all networks; ${text(line, 'knows')}`,
    command: `python3 -m training.keyed --pairs ${number(line, 'pairs')}`,
    ...(attacker === 'T' && { queries: 'none: has two databases' }),
    ...(attacker === 'H' && { queries: 'tries without a limit' }),
    ...(attacker === 'P' && { queries: 'as many messages as photos' }),
    ...(attacker === 'S' && { queries: '' }),
  });
  return measured(withShare, shared, metrics(line));
}

/** What an attacker on keyed mode had to learn from. Those that are left out learn nothing. */
function keyedSettings(line: Line, tries: number | null): string {
  if (tries !== null) return `${counted(tries)} tries, none limited`;
  const kind = text(line, 'attacker');
  if (kind === 'R') return 'all labelled photos';
  return kind === 'D' || kind === 'I' ? `${counted(number(line, 'pairs'))} photos` : '';
}

function thiefRows(line: Line, names: Names): ReportRow[] {
  const shared = common(line, {
    attacker: 'T',
    defence: text(line, 'defence'),
    settings: text(line, 'databases'),
    networks: named(text(line, 'networks'), names),
    knowledge: 'what the browser has, the clean tail too; templates without their encryption',
    queries: 'none: has the databases',
    command: 'python3 -m training.thief',
  });
  return measured(line, shared, [
    unlinkability(line),
    { ...LINKED, name: 'LFW pairs linked, template to template or plain photo' },
  ]);
}

function hillRows(line: Line): ReportRow[] {
  const [tries, victims] = [number(line, 'tries'), number(line, 'victims')];
  const shared = common(line, {
    attacker: 'H',
    defence: text(line, 'defence'),
    settings: `${counted(tries)} tries at ${victims} people, none limited`,
    networks: text(line, 'model'),
    knowledge: `all networks, photos of others; gets ${text(line, 'knows')}`,
    queries: `${counted(tries)} requests`,
    command: `npm run attack:hill -- --victims ${victims}`,
  });
  const row = (metric: string, unit: ReportRow['unit'], value: number): ReportRow => ({
    ...shared,
    metric,
    unit,
    value,
    low: null,
    high: null,
    chance: null,
  });
  return [
    row(`people let in, of ${victims}`, 'tries', number(line, 'accepted')),
    row(
      `highest cosine of any try (needed: ${number(line, 'threshold').toFixed(3)})`,
      'cosine',
      number(line, 'highest'),
    ),
  ];
}

/** Of XNN's lines, by their kind. */
const XNN: Readonly<Record<string, { attacker: string; knowledge: string; queries: string }>> = {
  people: {
    attacker: 'X-who',
    knowledge: 'a bundle of 50 people, the order of its places, and as many other photos of the same people',
    queries: 'none: has the bundle',
  },
  statistics: {
    attacker: 'X-statistics',
    knowledge: 'a bundle, and photos of other people; neither key nor photos of those in it',
    queries: 'none: has the bundle',
  },
  expected: {
    attacker: 'X-expected',
    knowledge: 'the scheme; own labelled faces under a new key at every step',
    queries: 'two bundles of the same people under two keys',
  },
  gram: { attacker: 'X-gram', knowledge: 'the scheme', queries: 'two bundles of the same people under two keys' },
  plaintext: { attacker: 'P', knowledge: 'photos beside their records', queries: 'as many records as photos' },
  inversion: {
    attacker: 'X-inversion',
    knowledge: 'the scheme; own photos under a new key at every step',
    queries: 'one record',
  },
  utility: { attacker: 'X-utility', knowledge: 'nobody attacks: the tail’s use under one key', queries: '' },
};

function xnnRows(line: Line): ReportRow[] {
  const kind = text(line, 'row');
  const known = XNN[kind];
  if (known === undefined) return [];
  const flags = ['slots', 'trained', 'int8', 'whitened'].filter((flag) => line[flag] === true);
  const words = ['form', 'shape'].filter((key) => typeof line[key] === 'string');
  const epochs = numberOrNull(line, 'epochs');
  const ordered = line['form'] === 'by-place' || (kind === 'statistics' && line['defence'] === 'xnn-hardened');
  const shared = common(line, {
    ...known,
    ...(ordered && { knowledge: `${known.knowledge}; is given the order of the places` }),
    defence: text(line, 'defence') === 'none' ? 'no obfuscation' : text(line, 'defence'),
    settings: [...words.map((key) => text(line, key)), ...flags, ...(epochs === null ? [] : [`${epochs} epochs`])].join(
      ', ',
    ),
    networks: `${text(line, 'encoder')} (${text(line, 'weights')})`,
    command: [
      `python3 -m training.xnn.attacks ${kind} --defence ${text(line, 'defence')} --encoder ${text(line, 'encoder')}`,
      ...words.map((key) => `--${key} ${text(line, key)}`),
      ...flags.map((flag) => `--${flag}`),
    ].join(' '),
  });
  const share = (key: string, name: string): Metric => ({
    key,
    name,
    unit: 'share',
    ...(typeof line['chance'] === 'number' && { chance: line['chance'] }),
  });
  const numbered = (prefix: string, name: (count: string) => string, suffix = '') =>
    Object.keys(line)
      .filter((key) => key.startsWith(prefix) && key.endsWith(suffix))
      .map((key) => share(key, name(key.slice(prefix.length, key.length - suffix.length))));
  const rows = measured(line, shared, [
    share('rank1', 'rank-1 among 50 people'),
    ...numbered('named_knowing_', (known) => `other class ids named right, ${known} known`),
    ...numbered('rank1_of_', (count) => `rank-1 of records restored from ${counted(Number(count))}`, '_records'),
    share('plain_photos_rank1', 'plain photos, for comparison'),
    VERIFIED_SOME,
    ...PICTURE,
  ]);
  return [...rows, ...untilSolved(line, shared)];
}

/** Known plaintext's curves: how many images it takes, a number for each way. */
function untilSolved(line: Line, shared: Common): ReportRow[] {
  const solved = line['images_until_key_1_percent'];
  if (typeof solved !== 'object' || solved === null) return [];
  return Object.entries(solved)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    .map(([way, value]) => ({
      ...shared,
      metric: `photos until the key is known to 1 %, by ${way}`,
      unit: 'tries',
      value,
      low: null,
      high: null,
      chance: null,
    }));
}

const COSTS: readonly Metric[] = [
  { key: 'verdict_ms', name: 'from the click to the verdict', unit: 'ms' },
  { key: 'client_ms', name: 'of it, the client', unit: 'ms' },
  { key: 'server_ms', name: 'of it, the cloud', unit: 'ms' },
  { key: 'sent_bytes', name: 'sent, a verification', unit: 'bytes' },
  { key: 'received_bytes', name: 'received, a verification', unit: 'bytes' },
  { key: 'models_bytes', name: 'models, downloaded once', unit: 'bytes' },
  { key: 'keys_bytes', name: 'keys that the cloud holds, a person', unit: 'bytes' },
  { key: 'kept_bytes', name: 'template that the cloud holds, a person', unit: 'bytes' },
];

function costRows(line: Line): ReportRow[] {
  const shared = common(line, {
    attacker: 'cost',
    defence: text(line, 'defence'),
    settings: text(line, 'settings'),
    networks: text(line, 'networks'),
    command: text(line, 'command'),
    knowledge: 'nobody attacks: medians in one Chromium on one machine, cloud included',
    queries: '',
  });
  return measured(line, shared, COSTS);
}

function number(line: Line, key: string): number {
  return z.number({ error: `a row of ${line.date} has no number ${key}` }).parse(line[key]);
}

function numberOrNull(line: Line, key: string): number | null {
  const value = line[key];
  return typeof value === 'number' ? value : null;
}

function text(line: Line, key: string): string {
  return z.string({ error: `a row of ${line.date} has no ${key}` }).parse(line[key]);
}
