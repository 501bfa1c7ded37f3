import { useState } from 'react';
import { ROLE_SCOPES, ROLES, type Admin, type KeyInfo, type Role, type Scope } from '../../../client/admin.js';
import { Button } from '../Button.js';
import { ConfirmDialog } from '../ConfirmDialog.js';
import { SelectField } from '../SelectField.js';
import { TextField } from '../TextField.js';
import { Check } from './Check.js';
import { Form } from './Form.js';
import { Section } from './Section.js';
import { dateOf, useLoaded, type Desk } from './useDesk.js';

/** Keys, and whether each still works: a rotated one does for a day. */
const load = async (admin: Admin) =>
  (await admin.keys()).map((key) => ({
    ...key,
    works: key.revokedAt === null || Date.parse(key.revokedAt) > Date.now(),
  }));

export function Keys({ desk }: { desk: Desk }) {
  const [keys, look] = useLoaded(desk, load);
  const [asked, setAsked] = useState<KeyInfo | null>(null);

  const rotate = (id: string) =>
    desk.run(async (admin) => {
      const { key } = await admin.rotateKey(id);
      desk.reveal({ title: `New key for ${id}`, text: 'The old key works for another day.', value: key });
      await look();
    }, 'The key is rotated.');

  return (
    <Section title="API keys" change={keys}>
      <ul className="rows">
        {keys?.map((key) => (
          <li key={key.id}>
            <div>
              <code>{key.id}</code> {key.role}
              {key.id === desk.admin.id && ' (this one)'}
              <p>{key.scopes.join(', ')}</p>
              <p>
                since {dateOf(key.createdAt)}
                {key.expiresAt !== null && `, until ${dateOf(key.expiresAt)}`}
                {key.revokedAt !== null && `, revoked from ${dateOf(key.revokedAt)}`}
              </p>
            </div>
            {key.works && key.scopes.every(desk.may) && (
              <div className="row">
                {key.revokedAt === null && (
                  <Button
                    icon="retry"
                    label={`Rotate ${key.id}`}
                    unavailable={desk.busy}
                    onPress={() => rotate(key.id)}
                  >
                    Rotate
                  </Button>
                )}
                <Button
                  kind="danger"
                  icon="forget"
                  label={`Revoke ${key.id}`}
                  unavailable={desk.busy}
                  onPress={() => setAsked(key)}
                >
                  Revoke
                </Button>
              </div>
            )}
          </li>
        ))}
      </ul>
      <NewKey desk={desk} look={look} />
      {asked && (
        <ConfirmDialog
          cancelLabel="Keep"
          title={`Revoke ${asked.id}?`}
          confirmLabel="Revoke"
          onConfirm={() => {
            setAsked(null);
            desk.run(async (admin) => {
              await admin.revokeKey(asked.id);
              await look();
            }, 'The key is revoked.');
          }}
          onCancel={() => setAsked(null)}
        >
          It stops working at once, and never works again.
          {asked.id === desk.admin.id && ' It is the one that you are signed in with.'}
        </ConfirmDialog>
      )}
    </Section>
  );
}

function NewKey({ desk, look }: { desk: Desk; look: () => Promise<void> }) {
  const lent = (role: Role) => ROLE_SCOPES[role].filter(desk.may);
  // Those that come to more than the role before, as far as this key may give it.
  const roles = ROLES.toReversed().filter(
    (role, i, all) => lent(role).length > (i === 0 ? 0 : lent(all[i - 1]!).length),
  );
  const [role, setRole] = useState<Role>(roles[0] ?? 'user');
  const [scopes, setScopes] = useState<readonly Scope[]>(lent(role));
  const [days, setDays] = useState('');

  const create = () =>
    desk.run(async (admin) => {
      const made = await admin.createKey({ role, scopes, ...(days !== '' && { expiresInDays: Number(days) }) });
      desk.reveal({
        title: `New key ${made.id}`,
        text: 'It goes into the header “Authorization: Bearer …”.',
        value: made.key,
      });
      await look();
    }, 'The key is made.');

  return (
    <Form label="New key">
      <h3>New key</h3>
      <SelectField
        label="Role"
        options={roles.map((name) => ({ value: name, name }))}
        value={role}
        onChange={(chosen) => {
          setRole(chosen);
          setScopes(lent(chosen));
        }}
      />
      <fieldset className="checks">
        <legend>It may</legend>
        {lent(role).map((scope) => (
          <Check
            key={scope}
            label={scope}
            checked={scopes.includes(scope)}
            onChange={(checked) => setScopes(lent(role).filter((s) => (s === scope ? checked : scopes.includes(s))))}
          />
        ))}
      </fieldset>
      <TextField label="Ends after days" hint="Empty: never." value={days} onChange={setDays} inputMode="numeric" />
      <Button kind="primary" icon="lock" submits unavailable={desk.busy || scopes.length === 0} onPress={create}>
        Make a key
      </Button>
    </Form>
  );
}
