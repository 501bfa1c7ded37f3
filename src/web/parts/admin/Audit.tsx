import { useCallback, useState } from 'react';
import type { Admin } from '../../../client/admin.js';
import { Button } from '../Button.js';
import { Section } from './Section.js';
import { dateOf, useLoaded, type Desk } from './useDesk.js';

export function Audit({ desk }: { desk: Desk }) {
  const [before, setBefore] = useState<{ readonly seq: number }>();
  const load = useCallback((admin: Admin) => admin.auditBefore(before?.seq), [before]);
  const [entries] = useLoaded(desk, load);
  const [chain, setChain] = useState<{ readonly entries: number; readonly head: string } | null>(null);
  const oldest = entries?.[0]?.seq ?? 0;

  const verify = () => {
    setChain(null);
    desk.run(async (admin) => setChain(await admin.verifyAudit()), 'The chain holds.');
  };

  return (
    <Section title="Audit log" change={entries}>
      <div className="row">
        <Button kind="primary" icon="verify" unavailable={desk.busy} onPress={verify}>
          Verify the chain
        </Button>
        <Button unavailable={desk.busy} onPress={() => desk.run(save, 'The log is exported.')}>
          Export
        </Button>
      </div>
      <p className="empty">Times are in UTC. Subjects appear under pseudonyms.</p>
      {chain && (
        <p>
          This browser has followed the hashes of {chain.entries} entries. The last is <code>{chain.head}</code>: note
          it elsewhere, since a log that was cut at its end holds too.
        </p>
      )}
      <ol className="rows entries">
        {entries?.toReversed().map(({ seq, at, actor, action, object, outcome }) => (
          <li key={seq}>
            <span>{seq}</span>
            <time dateTime={at}>{dateOf(at)}</time>
            <span>
              {action}: {outcome.replace('_', ' ')}
            </span>
            <span>by {actor}</span>
            {object !== null && <code>{object.slice(0, 16)}</code>}
          </li>
        ))}
      </ol>
      <div className="row">
        {before !== undefined && (
          <Button unavailable={desk.busy} onPress={() => setBefore(undefined)}>
            Newest
          </Button>
        )}
        {oldest > 1 && (
          <Button unavailable={desk.busy} onPress={() => setBefore({ seq: oldest })}>
            Older
          </Button>
        )}
      </div>
    </Section>
  );
}

/** Gives the whole log to the browser as a file, in the form that "xnn audit verify --file" reads. */
async function save(admin: Admin): Promise<void> {
  const { id, name } = await admin.settings();
  const lines = [JSON.stringify({ tenant: id })];
  for await (const entry of admin.audit()) lines.push(JSON.stringify(entry));
  const url = URL.createObjectURL(new Blob([`${lines.join('\n')}\n`], { type: 'application/jsonl' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `audit-${name}.jsonl`;
  link.click();
  // Not before the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
