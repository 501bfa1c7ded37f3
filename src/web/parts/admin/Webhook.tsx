import { useState } from 'react';
import type { Admin } from '../../../client/admin.js';
import { Button } from '../Button.js';
import { TextField } from '../TextField.js';
import { Form } from './Form.js';
import { Section } from './Section.js';
import { useLoaded, type Desk } from './useDesk.js';

async function load(admin: Admin) {
  const [{ webhook }, { delivered }] = await Promise.all([admin.settings(), admin.webhook()]);
  return { webhook, delivered };
}

export function Webhook({ desk }: { desk: Desk }) {
  const [state, look] = useLoaded(desk, load);
  return (
    <Section title="Webhook">
      <p>An address that is told, signed and in order, what the audit log says.</p>
      {state && <Change key={state.webhook} desk={desk} {...state} look={look} />}
      <Button
        unavailable={desk.busy}
        onPress={() =>
          desk.run(async (admin) => {
            const { secret } = await admin.webhook();
            desk.reveal({ title: 'Secret of the webhook', text: 'Deliveries are signed with it.', value: secret });
          })
        }
      >
        Show what it is signed with
      </Button>
    </Section>
  );
}

interface ChangeProps {
  desk: Desk;
  webhook: string | null;
  delivered: number;
  look: () => Promise<void>;
}

function Change({ desk, webhook, delivered, look }: ChangeProps) {
  const [address, setAddress] = useState(webhook ?? '');
  const save = () =>
    desk.run(async (admin) => {
      await admin.change({ webhook: address.trim() === '' ? null : address.trim() });
      await look();
    }, 'The webhook is kept.');
  return (
    <Form label="Webhook">
      <TextField
        label="Address"
        hint="https://… Empty: none. A new one is told what comes, not what was."
        value={address}
        onChange={setAddress}
        inputMode="url"
      />
      {webhook !== null && <p className="empty">Told up to entry {delivered}.</p>}
      <Button kind="primary" icon="send" submits unavailable={desk.busy} onPress={save}>
        Keep this address
      </Button>
    </Form>
  );
}
