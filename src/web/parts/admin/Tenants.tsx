import { useState } from 'react';
import type { Admin, TenantInfo } from '../../../client/admin.js';
import { Button } from '../Button.js';
import { ConfirmDialog } from '../ConfirmDialog.js';
import { TextField } from '../TextField.js';
import { Form } from './Form.js';
import { Section } from './Section.js';
import { dateOf, useLoaded, type Desk } from './useDesk.js';

async function load(admin: Admin) {
  return { own: (await admin.settings()).id, all: await admin.tenants() };
}

export function Tenants({ desk }: { desk: Desk }) {
  const [tenants, look] = useLoaded(desk, load);
  const [name, setName] = useState('');
  const [asked, setAsked] = useState<TenantInfo | null>(null);

  const disable = ({ id }: TenantInfo, disabled: boolean) =>
    desk.run(
      async (admin) => {
        await admin.disableTenant(id, disabled);
        await look();
      },
      disabled ? 'The tenant is disabled.' : 'The tenant is enabled.',
    );
  const create = () =>
    desk.run(async (admin) => {
      const { key } = await admin.createTenant(name.trim());
      desk.reveal({ title: `Owner’s key of ${name.trim()}`, text: 'With it, its owner makes the others.', value: key });
      setName('');
      await look();
    }, 'The tenant is made.');

  return (
    <Section title="Tenants of this server" change={tenants}>
      <ul className="rows">
        {tenants?.all.map((tenant) => (
          <li key={tenant.id}>
            <div>
              {tenant.name}
              {tenant.id === tenants.own && ' (this one)'}
              <p>
                <code>{tenant.id}</code> since {dateOf(tenant.createdAt)}
                {tenant.disabledAt !== null && `, disabled since ${dateOf(tenant.disabledAt)}`}
              </p>
            </div>
            {tenant.id !== tenants.own &&
              (tenant.disabledAt === null ? (
                <Button
                  kind="danger"
                  icon="lock"
                  label={`Disable ${tenant.name}`}
                  unavailable={desk.busy}
                  onPress={() => setAsked(tenant)}
                >
                  Disable
                </Button>
              ) : (
                <Button
                  icon="check"
                  label={`Enable ${tenant.name}`}
                  unavailable={desk.busy}
                  onPress={() => disable(tenant, false)}
                >
                  Enable
                </Button>
              ))}
          </li>
        ))}
      </ul>
      <Form label="New tenant">
        <TextField label="Name of a new tenant" value={name} onChange={setName} />
        <Button kind="primary" icon="enrol" submits unavailable={desk.busy || name.trim() === ''} onPress={create}>
          Make a tenant
        </Button>
      </Form>
      {asked && (
        <ConfirmDialog
          cancelLabel="Keep"
          title={`Disable ${asked.name}?`}
          confirmLabel="Disable"
          onConfirm={() => {
            setAsked(null);
            disable(asked, true);
          }}
          onCancel={() => setAsked(null)}
        >
          All its keys are refused at once, and its requests without one. Nothing of it is deleted, and it can be
          enabled again.
        </ConfirmDialog>
      )}
    </Section>
  );
}
