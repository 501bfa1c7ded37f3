import { useState } from 'react';
import type { Admin, ClientInfo } from '../../../client/admin.js';
import { Button } from '../Button.js';
import { ConfirmDialog } from '../ConfirmDialog.js';
import { TextAreaField } from '../TextAreaField.js';
import { TextField } from '../TextField.js';
import { Check } from './Check.js';
import { Form } from './Form.js';
import { Section } from './Section.js';
import { dateOf, useLoaded, type Desk } from './useDesk.js';

const load = (admin: Admin) => admin.clients();

/** Sites that have people log in here, by OpenID Connect. */
export function Clients({ desk }: { desk: Desk }) {
  const [clients, look] = useLoaded(desk, load);
  const [asked, setAsked] = useState<ClientInfo | null>(null);
  return (
    <Section title="Sites that log in here" change={clients}>
      {clients?.length === 0 && <p className="empty">None yet.</p>}
      <ul className="rows">
        {clients?.map((client) => (
          <li key={client.id}>
            <div>
              {client.name} <code>{client.id}</code>
              <p>{client.redirectUris.join(' ')}</p>
              <p>
                since {dateOf(client.createdAt)}
                {client.faceOnly && ', no recovery codes'}
              </p>
            </div>
            <Button
              kind="danger"
              icon="forget"
              label={`Delete ${client.name}`}
              unavailable={desk.busy}
              onPress={() => setAsked(client)}
            >
              Delete
            </Button>
          </li>
        ))}
      </ul>
      <NewClient desk={desk} look={look} />
      {asked && (
        <ConfirmDialog
          cancelLabel="Keep"
          title={`Delete ${asked.name}?`}
          confirmLabel="Delete"
          onConfirm={() => {
            setAsked(null);
            desk.run(async (admin) => {
              await admin.removeClient(asked.id);
              await look();
            }, 'The site is deleted.');
          }}
          onCancel={() => setAsked(null)}
        >
          Nobody can log in there by way of this server any more.
        </ConfirmDialog>
      )}
    </Section>
  );
}

function NewClient({ desk, look }: { desk: Desk; look: () => Promise<void> }) {
  const [name, setName] = useState('');
  const [addresses, setAddresses] = useState('');
  const [faceOnly, setFaceOnly] = useState(true);
  const redirectUris = addresses.split(/\s+/).filter((address) => address !== '');

  const create = () =>
    desk.run(async (admin) => {
      const made = await admin.createClient({ name: name.trim(), redirectUris, faceOnly });
      desk.reveal({ title: `Secret of ${name.trim()}`, text: `Its client id is ${made.id}.`, value: made.secret });
      setName('');
      setAddresses('');
      await look();
    }, 'The site is registered.');

  return (
    <Form label="New site">
      <h3>New site</h3>
      <TextField label="Name that people are shown" value={name} onChange={setName} />
      <TextAreaField
        label="Redirect addresses"
        hint="Of one host, a line each: https://…, or http:// on localhost."
        rows={2}
        value={addresses}
        onChange={setAddresses}
      />
      <Check label="Passkey and face only, no recovery codes" checked={faceOnly} onChange={setFaceOnly} />
      <Button
        kind="primary"
        icon="enrol"
        submits
        unavailable={desk.busy || name.trim() === '' || redirectUris.length === 0}
        onPress={create}
      >
        Register the site
      </Button>
    </Form>
  );
}
