import { useRef, useState } from 'react';
import { MAX_CAPTURES } from '../../client/messages.js';
import type { LoginChallenge, Picture } from '../../client/types.js';
import type { LoginAction } from '../pages/DemoLogin.js';
import { copyOf } from '../pictures.js';
import { Button } from './Button.js';
import { NameField } from './NameField.js';
import { PicturePicker } from './PicturePicker.js';
import { Segments } from './Segments.js';
import { TextField } from './TextField.js';

const WAYS = [
  { value: 'log-in', name: 'Log in', icon: 'verify' },
  { value: 'register', name: 'Register', icon: 'enrol' },
  { value: 'recover', name: 'Recover', icon: 'lock' },
] as const;
type Way = (typeof WAYS)[number]['value'];

/** Pictures the camera takes for one template. */
const SHOTS = 3;

/** For who is not logged in: the three ways. */
export function LoginForms({ action }: { action: LoginAction }) {
  const [way, setWay] = useState<Way>('log-in');
  return (
    <div className="card form">
      <Segments label="How" options={WAYS} value={way} onChange={setWay} />
      {way === 'log-in' && <LogIn action={action} />}
      {way === 'register' && <Register action={action} />}
      {way === 'recover' && <Recover action={action} />}
    </div>
  );
}

function LogIn({ action }: { action: LoginAction }) {
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  /** What the camera's picture is to be sent for. */
  const offer = useRef<LoginChallenge>(undefined);
  const logIn = ([picture]: readonly Picture[]) => {
    if (picture === undefined) return;
    const isPhoto = picture instanceof Blob;
    action.run('Your device is asked for its passkey.', async (login) => {
      const copy = await copyOf(picture);
      // One check is for one try.
      if (!isPhoto) setPictures([]);
      await login.logIn(copy, isPhoto ? undefined : offer.current);
      await action.goOn(login);
    });
  };
  return (
    <>
      <p>
        The camera asks for three small movements, others each time: a photo held before it cannot make them. If you
        cannot turn your head or move, log in with a recovery code under “Recover”.
      </p>
      <PicturePicker
        pictures={pictures}
        onPictures={setPictures}
        most={1}
        shots={1}
        automatic={false}
        takeLabel="Take picture"
        challenger={async () => {
          offer.current = await action.challenge();
          return offer.current.challenge;
        }}
      />
      {pictures.length > 0 && (
        <Button kind="primary" icon="verify" unavailable={!action.ready} onPress={() => logIn(pictures)}>
          Log in with passkey and face
        </Button>
      )}
    </>
  );
}

function Register({ action }: { action: LoginAction }) {
  const [name, setName] = useState('');
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const register = () =>
    action.run('Your device is asked to make a passkey.', async (login) => {
      const { codes, words } = await login.register(name.trim(), await Promise.all(pictures.map(copyOf)));
      action.showCodes(codes);
      action.showWords(words);
    });
  return (
    <>
      <NameField label="Your name" hint="Only you are shown it." value={name} onChange={setName} invalid={false} />
      <PicturePicker
        pictures={pictures}
        onPictures={setPictures}
        most={MAX_CAPTURES}
        shots={SHOTS}
        automatic
        takeLabel="Take one now"
      />
      {pictures.length > 0 && (
        <Button kind="primary" icon="enrol" unavailable={!action.ready || name.trim() === ''} onPress={register}>
          Register passkey and face
        </Button>
      )}
    </>
  );
}

function Recover({ action }: { action: LoginAction }) {
  const [code, setCode] = useState('');
  const recover = () =>
    action.run('The code is tried.', async (login) => {
      await login.recover(code.trim());
      await action.goOn(login);
    });
  return (
    <>
      <TextField
        label="Recovery code"
        hint="One of the ten you were shown, with or without dashes."
        value={code}
        onChange={setCode}
        autoCapitalize="characters"
      />
      <Button kind="primary" icon="lock" unavailable={!action.ready || code.trim() === ''} onPress={recover}>
        Log in with this code
      </Button>
    </>
  );
}
