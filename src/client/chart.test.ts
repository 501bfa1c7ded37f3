import { describe, expect, it } from 'vitest';
import type { Chart } from '../wire/report.js';
import { CHART, placed } from './chart.js';

const axis = (ticks: number[], logarithmic = false) => ({
  label: '',
  ticks: ticks.map((at) => ({ at, text: String(at) })),
  logarithmic,
});
const chartOf = (series: Chart['series'], x = axis([0, 1])): Chart => ({
  title: '',
  text: '',
  x,
  y: axis([0, 1]),
  series,
});
const seriesOf = (name: string, ...places: [x: number, y: number][]) => ({
  name,
  points: places.map(([x, y]) => ({ x, y, name })),
});

describe('placed', () => {
  it('puts values where their axes say, and labels of near points apart', () => {
    const { end, series } = placed(chartOf([seriesOf('a', [10, 1]), seriesOf('b', [10, 1])], axis([1, 100], true)));
    expect(series[0]!.points[0]).toEqual({ x: (CHART.left + end) / 2, y: CHART.top });
    expect(Math.abs(series[0]!.label.y - series[1]!.label.y)).toBeGreaterThanOrEqual(CHART.text);
  });

  it('writes the names of lines right of them, below one another', () => {
    const names = ['XNN-d, as released', 'clean'];
    const { end, series } = placed(chartOf(names.map((name) => seriesOf(name, [0, 0.9], [1, 0.9]))));
    for (const { points, label } of series) {
      expect(points.at(-1)!.x).toBeCloseTo(end);
      expect(label.anchor).toBe('start');
      expect(label.x).toBeGreaterThan(end);
    }
    expect(end).toBeLessThan(CHART.width / 1.4);
    expect(Math.abs(series[0]!.label.y - series[1]!.label.y)).toBeGreaterThanOrEqual(CHART.text);
  });

  it('writes no name over another point', () => {
    const { series } = placed(chartOf([seriesOf('MinusFace', [0.3, 0.5]), seriesOf('PartialFace', [0.36, 0.5])]));
    const other = series.find(({ name }) => name === 'PartialFace')!.points[0]!;
    const { x, y } = series.find(({ name }) => name === 'MinusFace')!.label;
    expect(x).toBeLessThan(other.x);
    expect(Math.abs(y - 4 - other.y)).toBeGreaterThan(CHART.text / 2);
  });
});
