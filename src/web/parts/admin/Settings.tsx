import { useState } from 'react';
import { TENANT_MODES, type Admin, type Settings as Values } from '../../../client/admin.js';
import { XnnError } from '../../../client/messages.js';
import { Button } from '../Button.js';
import { TextField } from '../TextField.js';
import { Check } from './Check.js';
import { Form } from './Form.js';
import { Section } from './Section.js';
import { useLoaded, type Desk } from './useDesk.js';

const load = (admin: Admin) => admin.settings();
const MODE_NAMES = { 'xnn-d': 'Under noise (XNN-d)', keyed: 'Under their owner’s key (keyed)' } as const;

export function Settings({ desk }: { desk: Desk }) {
  const [settings] = useLoaded(desk, load);
  return <Section title="Settings">{settings && <Change desk={desk} settings={settings} />}</Section>;
}

function Change({ desk, settings }: { desk: Desk; settings: Values }) {
  const [threshold, setThreshold] = useState(String(settings.threshold ?? ''));
  const [keyedThreshold, setKeyedThreshold] = useState(String(settings.keyedThreshold ?? ''));
  const [perMinute, setPerMinute] = useState(String(settings.perMinute ?? ''));
  const [days, setDays] = useState(String(settings.retentionDays ?? ''));
  const [isPublic, setPublic] = useState(settings.isPublic);
  const [modes, setModes] = useState(settings.modes);

  const save = () =>
    desk.run(async (admin) => {
      await admin.change({
        threshold: numberIn(threshold),
        keyedThreshold: numberIn(keyedThreshold),
        perMinute: numberIn(perMinute),
        retentionDays: numberIn(days),
        isPublic,
        modes,
      });
    }, 'The settings are kept.');

  return (
    <Form label="Settings">
      <TextField
        label="Threshold under noise"
        hint="Cosine from 0 to 1 from which two faces are one person. Empty: the release’s, measured at a false match rate of 1 in 10,000."
        value={threshold}
        onChange={setThreshold}
        inputMode="decimal"
      />
      <TextField
        label="Threshold under a key"
        hint="The same for faces under their owner’s key. Empty: the release’s."
        value={keyedThreshold}
        onChange={setKeyedThreshold}
        inputMode="decimal"
      />
      <TextField
        label="Requests a minute"
        hint="Of this tenant, with its keys and without; those that only read are not counted. Empty, or more than the server allows: the server’s."
        value={perMinute}
        onChange={setPerMinute}
        inputMode="numeric"
      />
      <TextField
        label="Days that a template is kept"
        hint="Older ones are deleted within the hour. Empty: kept until somebody deletes them."
        value={days}
        onChange={setDays}
        inputMode="numeric"
      />
      <fieldset className="checks">
        <legend>Faces are taken</legend>
        {TENANT_MODES.map((mode) => (
          <Check
            key={mode}
            label={MODE_NAMES[mode]}
            checked={modes.includes(mode)}
            onChange={(checked) => setModes(TENANT_MODES.filter((m) => (m === mode ? checked : modes.includes(m))))}
          />
        ))}
      </fieldset>
      <fieldset className="checks">
        <legend>Requests without a key</legend>
        <Check label="Served, if this is the tenant of the server’s page" checked={isPublic} onChange={setPublic} />
      </fieldset>
      <Button kind="primary" icon="check" submits unavailable={desk.busy || modes.length === 0} onPress={save}>
        Keep these settings
      </Button>
    </Form>
  );
}

/** The number of a field, null for an empty one. @throws request_invalid */
function numberIn(text: string): number | null {
  if (text.trim() === '') return null;
  // Some phones' keyboards for numbers have a comma alone.
  const value = Number(text.replace(',', '.'));
  // JSON has no NaN: it would take the setting away.
  if (!Number.isFinite(value)) throw new XnnError('request_invalid', text);
  return value;
}
