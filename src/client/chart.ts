import type { Chart } from '../wire/report.js';

/** Of a chart as it is drawn, in its own units; whoever shows it scales it. */
export const CHART = { width: 440, height: 330, left: 52, top: 34, bottom: 56, text: 13 } as const;
/** Right of points that stand alone. Lines have their labels there. */
const MARGIN = 28;
/** Between the lines of two labels. */
const LINE = 18;
/** Half of a point, and a little more. */
const POINT = 7;
/** From a point to its label. */
const BESIDE = 14;
/** Of a letter of a label, about. */
const LETTER = 7;

interface Place {
  readonly x: number;
  readonly y: number;
}

export interface PlacedSeries {
  readonly name: string;
  readonly points: readonly Place[];
  /** Its name, which ends (or begins) there, with a line to its last point. */
  readonly label: Place & { readonly anchor: 'start' | 'end' };
}

export interface PlacedChart {
  /** Where the horizontal axis ends. */
  readonly end: number;
  /** Where ticks' texts stand along each axis. */
  readonly x: readonly { readonly at: number; readonly text: string }[];
  readonly y: readonly { readonly at: number; readonly text: string }[];
  readonly series: readonly PlacedSeries[];
}

/** Where everything of a chart is drawn. Labels that would lie on one another are written below one another. */
export function placed({ x, y, series }: Chart): PlacedChart {
  const areLines = series.some(({ points }) => points.length > 1);
  const longest = Math.max(0, ...series.map(({ name }) => name.length));
  const end = CHART.width - (areLines ? longest * LETTER + 2 * BESIDE : MARGIN);
  const across = scale(x, CHART.left, end);
  const down = scale(y, CHART.height - CHART.bottom, CHART.top);
  const drawn = series.map(({ name, points }) => ({
    name,
    points: points.map((point) => ({ x: across(point.x), y: down(point.y) })),
  }));
  const middle = (CHART.left + end) / 2;
  const taken = drawn
    .filter(({ points }) => points.length === 1)
    .map(({ points: [{ x, y } = { x: 0, y: 0 }] }) => ({ from: x - POINT, to: x + POINT, y: y + 4 }));
  const labelled = drawn
    .toSorted((a, b) => a.points.at(-1)!.y - b.points.at(-1)!.y)
    .map(({ name, points }): PlacedSeries => {
      const last = points.at(-1)!;
      const anchor = !areLines && last.x > middle ? 'end' : 'start';
      // On the axis itself it would be struck through.
      const beside = last.y > CHART.height - CHART.bottom - 8 ? last.y - 8 : last.y + 4;
      const x = last.x + (anchor === 'end' ? -40 : BESIDE);
      const width = name.length * LETTER;
      const [from, to] = anchor === 'end' ? [x - width, x] : [x, x + width];
      const under = (y: number): number => {
        const other = taken.find((one) => from < one.to && one.from < to && Math.abs(one.y - y) < LINE);
        return other === undefined ? y : under(other.y + LINE);
      };
      const y = under(beside);
      taken.push({ from, to, y });
      return { name, points, label: { x, y, anchor } };
    });
  return {
    end,
    x: x.ticks.map(({ at, text }) => ({ at: across(at), text })),
    y: y.ticks.map(({ at, text }) => ({ at: down(at), text })),
    series: labelled,
  };
}

/** From an axis's values to places between `from` and `to`. */
function scale({ ticks, logarithmic }: Chart['x'], from: number, to: number): (value: number) => number {
  const along = (value: number) => (logarithmic ? Math.log(value) : value);
  const [first, last] = [along(ticks[0]!.at), along(ticks.at(-1)!.at)];
  return (value) => from + ((along(value) - first) / (last - first)) * (to - from);
}
