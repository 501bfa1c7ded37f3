import type { ReportRow } from '../wire/report.js';

/** A number as people read it: "92.7 %", "18.4 dB", "0.60". */
export function formatted(value: number, unit: ReportRow['unit']): string {
  switch (unit) {
    case 'share':
      return `${percentage(100 * value)} %`;
    case 'dB':
      return `${value.toFixed(1)} dB`;
    case 'likeness':
      return value.toFixed(2);
    case 'score':
    case 'cosine':
    case 'error':
      return value.toFixed(3);
    case 'ms':
      return `${value.toPrecision(3)} ms`;
    case 'bytes':
    case 'tries':
      return counted(value);
  }
}

function percentage(value: number): string {
  if (value > 0 && value < 0.1) return String(Number(value.toPrecision(2)));
  return Math.abs(value - Math.round(value)) < 1e-9 ? String(Math.round(value)) : value.toFixed(1);
}

/** "92.7 % [92.0, 93.3]". */
export function withInterval({ value, unit, low, high }: Pick<ReportRow, 'value' | 'unit' | 'low' | 'high'>): string {
  if (low === null || high === null) return formatted(value, unit);
  const bare = (end: number) => formatted(end, unit).replace(/ .*/, '');
  return `${formatted(value, unit)} [${bare(low)}, ${bare(high)}]`;
}

/** "1,024". */
export function counted(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

const LABELS: Readonly<Record<string, string>> = {
  clean: 'clean features',
  gaussian: 'Gaussian noise',
  'xnn-d': 'XNN-d, as released',
  nothing: 'nothing',
  paper: 'XNN-d of the paper',
  'paper-bare': 'XNN-d of the paper, without layer norms',
  minusface: 'MinusFace',
  partialface: 'PartialFace',
  'ldp-slicing': 'LDP-Slicing, ε = 20',
  'instahide-2': 'InstaHide of 2',
  'instahide-3': 'InstaHide of 3',
};

/** What is sent, in words. */
export function defenceName(defence: string): string {
  return LABELS[defence] ?? defence;
}
