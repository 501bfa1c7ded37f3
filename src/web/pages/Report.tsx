import { counted, defenceName, formatted, withInterval } from '../../client/figures.js';
import { report, type ReportRow } from '../../client/report.js';
import { ChartPicture } from '../parts/ChartPicture.js';
import { Icon } from '../parts/Icon.js';
import { Link } from '../parts/Link.js';
import '../styles/report.css';

const { release, headline, charts, attackers, rows, notProtected, notRun } = report;

/** What attackers got, as measured: first in short, then every number. */
export function Report() {
  return (
    <div className="report">
      <div className="page-title">
        <h1 tabIndex={-1}>What an attacker gets</h1>
        <p className="lead">
          We attacked what leaves the browser, and print what came of it, also where it is bad. Release{' '}
          {release.release}, {counted(rows.length)} numbers, each with its attacker, his budget and the command that
          makes it.
        </p>
        <p>
          <Link to="attack">Attack your own picture</Link> · <a href="#not-protected">What we do not protect against</a>{' '}
          · <a href="#not-run">What was not run</a>
        </p>
      </div>
      <section aria-labelledby="in-short">
        <h2 id="in-short">In short</h2>
        <Headline />
        {headline.remarks.map((remark) => (
          <p key={remark}>{remark}</p>
        ))}
      </section>
      <div className="charts">
        {charts.map((chart) => (
          <ChartPicture key={chart.title} chart={chart} />
        ))}
      </div>
      <section aria-labelledby="not-protected">
        <h2 id="not-protected">What we do not protect against</h2>
        <ul className="limits">
          {notProtected.map(({ what, text }) => (
            <li key={what} className="card">
              <Icon name="warning" />
              <div>
                <h3>{what}</h3>
                <p>{text}</p>
              </div>
            </li>
          ))}
        </ul>
      </section>
      <section aria-labelledby="attackers">
        <h2 id="attackers">The attackers, one by one</h2>
        <p>
          All read what the cloud reads and learn from photos of other people than they are tested on. In brackets: 95 %
          intervals over LFW’s pairs; they say nothing of another training run. Chance is what who knows nothing gets.
        </p>
        {attackers.map((attacker) => (
          <Attacker key={attacker.id} {...attacker} />
        ))}
      </section>
      <section aria-labelledby="not-run">
        <h2 id="not-run">What was not run</h2>
        <dl className="not-run">
          {notRun.map(({ what, reason }) => (
            <div key={what}>
              <dt>{what}</dt>
              <dd>{reason}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}

/** Beside each other where there is room; a card a question on phones. The roles say that it is a table there, too. */
function Headline() {
  return (
    <table className="headline" role="table">
      <thead role="rowgroup">
        <tr role="row">
          <td role="cell" />
          {headline.columns.map((column) => (
            <th key={column} scope="col" role="columnheader">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {headline.rows.map(({ question, measure, cells }) => (
          <tr key={question} role="row">
            <th scope="row" role="rowheader">
              {question} <span>{measure}</span>
            </th>
            {cells.map((cell, i) => (
              <td key={headline.columns[i]} role="cell" data-column={headline.columns[i]}>
                {cell ?? <Nothing />}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Nothing() {
  return (
    <span className="absent">
      <span aria-hidden="true">–</span>
      <span className="hidden">not measured</span>
    </span>
  );
}

function Attacker({ id, name, question, text }: (typeof attackers)[number]) {
  const own = rows.filter(({ attacker }) => attacker === id);
  const runs = [...new Set(own.map(({ run }) => run))].map(
    (run) => [run, own.filter((row) => row.run === run)] as const,
  );
  return (
    <article className="attacker" aria-labelledby={`attacker-${id}`}>
      <h3 id={`attacker-${id}`}>{name}</h3>
      <p>
        <strong>{question}</strong> {text}
      </p>
      <div className="scroller" role="region" aria-labelledby={`attacker-${id}`} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">What is sent</th>
              <th scope="col">What was measured</th>
              <th scope="col">Value</th>
              <th scope="col">Chance</th>
            </tr>
          </thead>
          {runs.map(([run, measured]) => (
            <Run key={run} measured={measured} />
          ))}
        </table>
      </div>
      <details>
        <summary>Knowledge, cost and commands</summary>
        <ul className="commands">
          {runs.map(([run, [first]]) => (
            <li key={run}>
              <strong>
                {defenceName(first!.defence)}
                {first!.settings && `, ${first!.settings}`}
              </strong>
              <span>
                Knows {first!.knowledge}. {first!.queries && `Queries: ${first!.queries}.`}
              </span>
              <span>
                {first!.coreMinutes !== null && `${first!.coreMinutes} core minutes, `}
                {first!.device !== null && `${first!.device}, `}
                {first!.seed !== null && `seed ${first!.seed}, `}
                networks {first!.networks}, {first!.date}, commit {first!.commit}
              </span>
              <code>{first!.command}</code>
            </li>
          ))}
        </ul>
      </details>
    </article>
  );
}

/** All that one run measured, under one heading. */
function Run({ measured }: { measured: readonly ReportRow[] }) {
  const [first] = measured;
  return (
    <tbody>
      {measured.map((row, i) => (
        <tr key={row.metric}>
          {i === 0 && (
            <th scope="rowgroup" rowSpan={measured.length}>
              {defenceName(first!.defence)}
              <span>{first!.settings}</span>
              {isSpecial(first!) && <span>knows {first!.knowledge}</span>}
            </th>
          )}
          <td>{row.metric}</td>
          <td className="figure">{withInterval(row)}</td>
          <td className="figure">{row.chance === null ? '' : formatted(row.chance, row.unit)}</td>
        </tr>
      ))}
    </tbody>
  );
}

/** Whether what an attacker knows is what his runs differ in. */
function isSpecial({ attacker, defence }: ReportRow): boolean {
  return attacker === 'H' || (defence === 'own key' && attacker !== 'utility');
}
