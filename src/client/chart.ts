import type { Chart } from '../wire/report.js';

/** Of a chart as it is drawn, in its own units; whoever shows it scales it. */
export const CHART = { width: 440, height: 330, left: 52, right: 28, top: 34, bottom: 56, text: 13 } as const;
/** Between the lines of two labels. */
const LINE = 18;
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
  /** Where ticks' texts stand along each axis. */
  readonly x: readonly { readonly at: number; readonly text: string }[];
  readonly y: readonly { readonly at: number; readonly text: string }[];
  readonly series: readonly PlacedSeries[];
}

/** Where everything of a chart is drawn. Labels that would lie on one another are written below one another. */
export function placed({ x, y, series }: Chart): PlacedChart {
  const across = scale(x, CHART.left, CHART.width - CHART.right);
  const down = scale(y, CHART.height - CHART.bottom, CHART.top);
  const drawn = series.map(({ name, points }) => ({
    name,
    points: points.map((point) => ({ x: across(point.x), y: down(point.y) })),
  }));
  const middle = (CHART.left + CHART.width - CHART.right) / 2;
  const taken: { readonly from: number; readonly to: number; readonly y: number }[] = [];
  const labelled = drawn
    .toSorted((a, b) => a.points.at(-1)!.y - b.points.at(-1)!.y)
    .map(({ name, points }): PlacedSeries => {
      const last = points.at(-1)!;
      const anchor = last.x > middle ? 'end' : 'start';
      // On the axis itself it would be struck through.
      const beside = last.y > CHART.height - CHART.bottom - 8 ? last.y - 8 : last.y + 4;
      const x = last.x + (anchor === 'end' ? -40 : 14);
      const width = name.length * LETTER;
      const [from, to] = anchor === 'end' ? [x - width, x] : [x, x + width];
      const y = taken.reduce(
        (free, other) => (from < other.to && other.from < to ? Math.max(free, other.y + LINE) : free),
        beside,
      );
      taken.push({ from, to, y });
      return { name, points, label: { x, y, anchor } };
    });
  return {
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
