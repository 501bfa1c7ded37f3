import { useId } from 'react';
import { CHART, placed } from '../../client/chart.js';
import type { Chart } from '../../client/report.js';

/** A chart, and its numbers as a table for whoever would rather read them. */
export function ChartPicture({ chart }: { chart: Chart }) {
  const id = useId();
  const { end, x, y, series } = placed(chart);
  const { width, height, left, top, bottom } = CHART;
  const floor = height - bottom;
  const marks = (at: { ticks: Chart['x']['ticks'] }) => at.ticks.map(({ text }) => text);
  return (
    <figure className="card chart">
      <figcaption>
        <h3 id={id}>{chart.title}</h3>
        <p>{chart.text}</p>
      </figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-labelledby={id}>
        <desc>
          {chart.y.label}, {marks(chart.y)[0]} to {marks(chart.y).at(-1)}, over {chart.x.label}. The table below has the
          numbers.
        </desc>
        <text className="chart-tick" x={4} y={CHART.text + 2}>
          {chart.y.label}
        </text>
        {y.map(({ at, text }) => (
          <g key={text}>
            <path className="chart-grid" d={`M${left} ${at}H${end}`} />
            <text className="chart-tick" x={left - 8} y={at + 4} textAnchor="end">
              {text}
            </text>
          </g>
        ))}
        {x.map(({ at, text }) => (
          <text className="chart-tick" key={text} x={at} y={floor + 20} textAnchor="middle">
            {text}
          </text>
        ))}
        <path className="chart-axis" d={`M${left} ${top}V${floor}H${end}`} />
        <text className="chart-tick" x={(left + end) / 2} y={height - 12} textAnchor="middle">
          {chart.x.label}
        </text>
        {series.map(({ name, points, label }) => (
          <g key={name} className="chart-series">
            <path className="chart-line" d={`M${points.map((point) => `${point.x} ${point.y}`).join('L')}`} />
            <path
              className="chart-leader"
              d={`M${points.at(-1)!.x} ${points.at(-1)!.y}L${label.x + (label.anchor === 'end' ? 4 : -4)} ${label.y - 4}`}
            />
            {points.map((point) => (
              <circle key={point.x} cx={point.x} cy={point.y} r={5} />
            ))}
            <text x={label.x} y={label.y} textAnchor={label.anchor}>
              {name}
            </text>
          </g>
        ))}
      </svg>
      <details>
        <summary>The same as a table</summary>
        <div className="scroller" role="region" aria-label={`${chart.title}, as a table`} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">What is sent</th>
                <th scope="col">{chart.x.label}</th>
                <th scope="col">{chart.y.label}</th>
              </tr>
            </thead>
            <tbody>
              {chart.series.flatMap(({ name, points }) =>
                points.map((point) => (
                  <tr key={`${name} ${point.x}`}>
                    <th scope="row">{name}</th>
                    <td>{along(point.x, chart.x)}</td>
                    <td>{along(point.y, chart.y)}</td>
                  </tr>
                )),
              )}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

/** A value in the words of its axis: shares have ticks up to 1. */
function along(value: number, { ticks }: Chart['x']): string {
  return ticks.at(-1)!.at <= 1 ? `${(100 * value).toFixed(1)} %` : String(value);
}
