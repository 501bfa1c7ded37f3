import { useState } from 'react';
import { MAX_CAPTURES, XnnError } from '../../client/messages.js';
import type { Picture } from '../../client/types.js';
import type { LoginAction } from '../pages/DemoLogin.js';
import { copyOf } from '../pictures.js';
import { useCheckedFor } from '../useCheckedFor.js';
import { useOwnKey } from '../useSession.js';
import { Button } from './Button.js';
import { EntryForm } from './EntryForm.js';
import { NameField } from './NameField.js';
import { PicturePicker } from './PicturePicker.js';
import { Segments } from './Segments.js';
import { TextField } from './TextField.js';
import { useTexts } from '../useTexts.js';

const WAYS = [
  { value: 'log-in', icon: 'verify' },
  { value: 'register', icon: 'enrol' },
  { value: 'recover', icon: 'lock' },
] as const;
type Way = (typeof WAYS)[number]['value'];

/** Pictures the camera takes for one template. */
const SHOTS = 3;

/** For who is not logged in: the three ways. */
export function LoginForms({ action }: { action: LoginAction }) {
  const { t } = useTexts();
  const [way, setWay] = useState<Way>('log-in');
  return (
    <EntryForm>
      <Segments
        label={t('login.how')}
        options={WAYS.map((option) => ({ ...option, name: t(`login.${option.value}`) }))}
        value={way}
        onChange={setWay}
      />
      {way === 'log-in' && <LogIn action={action} />}
      {way === 'register' && <Register action={action} />}
      {way === 'recover' && <Recover action={action} />}
    </EntryForm>
  );
}

function LogIn({ action }: { action: LoginAction }) {
  const { t } = useTexts();
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const ownKey = useOwnKey();
  const check = useCheckedFor(() => {
    if (ownKey !== null) return action.challenge();
    // Nobody makes movements in vain: the page says how to have it back.
    action.refuse('own_key_missing');
    throw new XnnError('own_key_missing');
  });
  const logIn = ([picture]: readonly Picture[]) => {
    if (picture === undefined) return;
    action.run(t('login.asking'), 'account.loggedIn', async (login) => {
      const copy = await copyOf(picture);
      const offer = check.offerFor([picture]);
      await login.logIn(copy, offer).catch((cause: unknown) => {
        // One check is for one try; nothing was sent if it ended at the passkey.
        if (cause instanceof XnnError && cause.code === 'passkey_failed') check.giveBack(offer);
        else if (!(picture instanceof Blob)) setPictures([]);
        throw cause;
      });
      await action.goOn(login);
    });
  };
  return (
    <>
      <p>{t('login.movements')} </p>
      <PicturePicker
        pictures={pictures}
        onPictures={setPictures}
        most={1}
        shots={1}
        automatic={false}
        takeLabel={t('pictures.take')}
        challenger={check.challenger}
      />
      {pictures.length > 0 && (
        <Button kind="primary" icon="verify" submits unavailable={!action.ready} onPress={() => logIn(pictures)}>
          {t('login.act')}
        </Button>
      )}
    </>
  );
}

function Register({ action }: { action: LoginAction }) {
  const { t } = useTexts();
  const [name, setName] = useState('');
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const check = useCheckedFor(action.challenge);
  const register = () =>
    action.run(t('login.making'), 'account.loggedIn', async (login) => {
      const copies = await Promise.all(pictures.map(copyOf));
      action.showCodes(await login.register(name, copies, action.showWords, check.offerFor(pictures)));
    });
  return (
    <>
      <NameField
        label={t('enrol.name')}
        hint={t('login.nameHint')}
        value={name}
        onChange={setName}
        invalid={action.error === 'subject_invalid'}
      />
      <p>{t('login.movementsRegister')} </p>
      <PicturePicker
        pictures={pictures}
        onPictures={setPictures}
        most={MAX_CAPTURES}
        shots={SHOTS}
        automatic
        takeLabel={t('pictures.takeOne')}
        challenger={check.challenger}
      />
      {pictures.length > 0 && (
        <Button
          kind="primary"
          icon="enrol"
          submits
          unavailable={!action.ready || name.trim() === ''}
          onPress={register}
        >
          {t('login.doRegister')}
        </Button>
      )}
    </>
  );
}

function Recover({ action }: { action: LoginAction }) {
  const { t } = useTexts();
  const [code, setCode] = useState('');
  const recover = () =>
    action.run(t('login.trying'), 'account.loggedIn', async (login) => {
      await login.recover(code.trim());
      await action.goOn(login);
    });
  return (
    <>
      <TextField
        label={t('login.code')}
        hint={t('login.codeHint')}
        value={code}
        onChange={setCode}
        invalid={action.error === 'code_refused'}
        autoCapitalize="characters"
      />
      <Button kind="primary" icon="lock" submits unavailable={!action.ready || code.trim() === ''} onPress={recover}>
        {t('login.withCode')}
      </Button>
    </>
  );
}
