import { useState } from 'react';
import { MAX_CAPTURES } from '../../client/messages.js';
import type { Picture } from '../../client/types.js';
import type { LoginAction } from '../pages/DemoLogin.js';
import { copyOf } from '../pictures.js';
import { useCheckedFor } from '../useCheckedFor.js';
import { Button } from './Button.js';
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
    <div className="card form">
      <Segments
        label={t('login.how')}
        options={WAYS.map((option) => ({ ...option, name: t(`login.${option.value}`) }))}
        value={way}
        onChange={setWay}
      />
      {way === 'log-in' && <LogIn action={action} />}
      {way === 'register' && <Register action={action} />}
      {way === 'recover' && <Recover action={action} />}
    </div>
  );
}

function LogIn({ action }: { action: LoginAction }) {
  const { t } = useTexts();
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const check = useCheckedFor(action.challenge);
  const logIn = ([picture]: readonly Picture[]) => {
    if (picture === undefined) return;
    action.run(t('login.asking'), 'account.loggedIn', async (login) => {
      const copy = await copyOf(picture);
      // One check is for one try.
      if (!(picture instanceof Blob)) setPictures([]);
      await login.logIn(copy, check.offerFor([picture]));
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
        <Button kind="primary" icon="verify" unavailable={!action.ready} onPress={() => logIn(pictures)}>
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
      action.showCodes(await login.register(name.trim(), copies, action.showWords, check.offerFor(pictures)));
    });
  return (
    <>
      <NameField label={t('enrol.name')} hint={t('login.nameHint')} value={name} onChange={setName} invalid={false} />
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
        <Button kind="primary" icon="enrol" unavailable={!action.ready || name.trim() === ''} onPress={register}>
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
        autoCapitalize="characters"
      />
      <Button kind="primary" icon="lock" unavailable={!action.ready || code.trim() === ''} onPress={recover}>
        {t('login.withCode')}
      </Button>
    </>
  );
}
