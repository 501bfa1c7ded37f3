import { useCallback, useState } from 'react';
import type { Admin, SubjectInfo } from '../../../client/admin.js';
import { Button } from '../Button.js';
import { ConfirmDialog } from '../ConfirmDialog.js';
import { TextField } from '../TextField.js';
import { Form } from './Form.js';
import { Section } from './Section.js';
import { dateOf, useLoaded, type Desk } from './useDesk.js';

const LOCKS = {
  open: '',
  paced: 'asked every 30 s',
  locked: 'not asked any more',
} as const;
const MODES = { 'xnn-d': 'under noise', keyed: 'under an own key' } as const;

/** What is looked for, and from which page on. */
interface Wanted {
  readonly name: string;
  readonly after?: string;
}

export function Subjects({ desk }: { desk: Desk }) {
  const [name, setName] = useState('');
  const [wanted, setWanted] = useState<Wanted>({ name: '' });
  const load = useCallback((admin: Admin) => admin.search(wanted), [wanted]);
  const [found, look] = useLoaded(desk, load);
  const [asked, setAsked] = useState<string | null>(null);
  const last = found?.subjects.at(-1);

  const act = (perform: (admin: Admin) => Promise<void>, done: string) =>
    desk.run(async (admin) => {
      await perform(admin);
      await look();
    }, done);

  return (
    <Section title="Subjects" change={found}>
      <Form label="Search">
        <TextField label="Name, or a part of it" value={name} onChange={setName} />
        <Button icon="identify" submits unavailable={desk.busy} onPress={() => setWanted({ name: name.trim() })}>
          Search
        </Button>
      </Form>
      {found && (
        <p className="empty">
          {found.total} in all.{' '}
          {found.subjects.length === 0
            ? wanted.name !== '' && 'None of that name.'
            : 'These are by name, up to 50 at a time.'}
        </p>
      )}
      <ul className="rows">
        {found?.subjects.map((one) => (
          <li key={one.subject}>
            <div>
              {one.subject}
              <p>{factsOf(one)}</p>
            </div>
            <div className="row">
              {one.misses > 0 && (
                <Button
                  icon="lock"
                  label={`Unlock ${one.subject}`}
                  unavailable={desk.busy}
                  onPress={() => act((admin) => admin.unlock(one.subject), 'The misses are forgotten.')}
                >
                  Unlock
                </Button>
              )}
              <Button
                kind="danger"
                icon="forget"
                label={`Delete ${one.subject}`}
                unavailable={desk.busy}
                onPress={() => setAsked(one.subject)}
              >
                Delete
              </Button>
            </div>
          </li>
        ))}
      </ul>
      <div className="row">
        {wanted.after !== undefined && (
          <Button unavailable={desk.busy} onPress={() => setWanted({ name: wanted.name })}>
            From the beginning
          </Button>
        )}
        {found?.more && last && (
          <Button unavailable={desk.busy} onPress={() => setWanted({ name: wanted.name, after: last.subject })}>
            Next page
          </Button>
        )}
      </div>
      {asked !== null && (
        <ConfirmDialog
          cancelLabel="Keep"
          title={`Delete ${asked}?`}
          confirmLabel="Delete"
          onConfirm={() => {
            setAsked(null);
            act((admin) => admin.removeSubject(asked), 'The subject is deleted.');
          }}
          onCancel={() => setAsked(null)}
        >
          The template and all that is stored with it are deleted at once. This cannot be undone.
        </ConfirmDialog>
      )}
    </Section>
  );
}

function factsOf({ enrolledAt, mode, misses, lock }: SubjectInfo): string {
  const facts = [
    `since ${dateOf(enrolledAt)}`,
    mode === null ? 'of networks that are no longer served' : MODES[mode],
    misses === 0 ? '' : `${misses} ${misses === 1 ? 'miss' : 'misses'}`,
    LOCKS[lock],
  ];
  return facts.filter((fact) => fact !== '').join(', ');
}
