import { useState } from 'react';
import { sentence, XnnError, type ErrorCode } from '../../client/messages.js';
import type { Capture, Picture } from '../../client/types.js';
import { Button } from '../parts/Button.js';
import { Icon } from '../parts/Icon.js';
import { Link } from '../parts/Link.js';
import { PicturePicker } from '../parts/PicturePicker.js';
import { Recoveries } from '../parts/Recoveries.js';
import { copyOf } from '../pictures.js';
import { useAttack, type AttackState } from '../useAttack.js';
import { useAttacked } from '../useAttacked.js';
import { useSession, useSessionState } from '../useSession.js';

/** Where visitors are the attacker: the released inversion attacker on what they sent, or on a picture that is only made ready for sending. */
export function Attack() {
  const session = useSession();
  const state = useSessionState();
  const { capture: sent, keep } = useAttacked();
  const { state: attack, run, clear } = useAttack();
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const [refusal, setRefusal] = useState<ErrorCode | null>(null);

  const ready = state.status === 'ready' && attack.stage !== 'loading' && attack.stage !== 'attacking';
  const start = (capture: Capture) => {
    if (state.status === 'ready') run(state.started.backend, capture);
  };
  const rehearse = async ([picture]: readonly Picture[]) => {
    if (picture === undefined) return;
    setRefusal(null);
    try {
      const capture = await session.rehearse(await copyOf(picture));
      keep(capture);
      start(capture);
    } catch (error) {
      setRefusal(error instanceof XnnError ? error.code : 'page_failed');
    }
  };
  const forSent = sent !== null && pictures.length === 0;

  return (
    <>
      <div className="page-title">
        <h1 tabIndex={-1}>Attack it yourself</h1>
        <p className="lead">
          Here you are the attacker. A network that learnt to paint faces from what leaves this browser is let loose on
          your own picture, first with the clean features, then with what is sent in their place.
        </p>
      </div>
      <div className="desk">
        <div className="card form">
          {forSent ? (
            <>
              <h2>What you just sent</h2>
              <p>The message is still in this page’s memory, and the photo it was made of.</p>
              <Button kind="primary" icon="identify" unavailable={!ready} onPress={() => start(sent)}>
                {attack.stage === 'done' ? 'Attack it again' : 'Attack what I sent'}
              </Button>
              <h2>Or another picture</h2>
            </>
          ) : (
            <h2>A picture to attack</h2>
          )}
          <PicturePicker
            pictures={pictures}
            onPictures={(next) => {
              setPictures(next);
              setRefusal(null);
              clear();
            }}
            most={1}
            shots={1}
            automatic={false}
            takeLabel="Take a picture"
          />
          {pictures.length > 0 && (
            <Button kind="primary" icon="identify" unavailable={!ready} onPress={() => void rehearse(pictures)}>
              {attack.stage === 'done' ? 'Attack it again, with fresh noise' : 'Attack this picture'}
            </Button>
          )}
        </div>
        <div className="card side">
          <Progress state={refusal === null ? attack : { stage: 'failed', error: refusal }} />
          <p className="nothing-else">
            <Icon name="lock" />
            <span>
              <strong>Nothing is sent here.</strong> The attackers are downloaded (13 MB, once) and run in this page.
              Neither photo nor features nor what is painted leaves it.
            </span>
          </p>
        </div>
      </div>
      {attack.stage === 'done' && <Recoveries capture={attack.capture} attack={attack.attack} />}
      <p className="onward">
        What all attackers got, on faces that none of them was trained on: <Link to="report">the attack report</Link>.
      </p>
    </>
  );
}

function Progress({ state }: { state: AttackState }) {
  return (
    <div role="status" className="explanation">
      {state.stage === 'idle' && (
        <>
          <h2>What will happen</h2>
          <ol>
            <li>Your face is cut out and encoded, as if it were to be sent.</li>
            <li>One attacker paints it from the clean features, which never leave: the worst case.</li>
            <li>Another, trained on noisy messages, paints it from the very bytes of yours.</li>
            <li>A face network says whether it would still take each painting for you.</li>
          </ol>
        </>
      )}
      {state.stage === 'loading' && (
        <>
          <h2>Loading the attackers</h2>
          <progress className="progress" aria-label="Loading the attackers" value={state.fraction} max={1} />
        </>
      )}
      {state.stage === 'attacking' && <h2>Painting</h2>}
      {state.stage === 'done' && (
        <>
          <h2>Done</h2>
          <p>
            {state.attack.fromSent === null
              ? 'Under a key there was nothing to paint from. See below.'
              : 'Both paintings, with a verdict for each, are below.'}
          </p>
        </>
      )}
      {state.stage === 'failed' && (
        <div className="trouble">
          <h2>That did not work</h2>
          <p>
            {sentence(state.error)} <code>{state.error}</code>
          </p>
        </div>
      )}
    </div>
  );
}
