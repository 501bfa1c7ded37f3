import { useState } from 'react';
import type { Picture } from '../../client/types.js';
import { ActionPage } from '../parts/ActionPage.js';
import { Answer } from '../parts/Answer.js';
import { Button } from '../parts/Button.js';
import { Explanation } from '../parts/Explanation.js';
import { PicturePicker } from '../parts/PicturePicker.js';
import { Reveal } from '../parts/Reveal.js';
import { Sent } from '../parts/Sent.js';
import { copyOf } from '../pictures.js';
import { useAction } from '../useSession.js';

export function Identify() {
  const action = useAction();
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const outcome = action.outcome?.kind === 'identified' ? action.outcome : null;

  const identify = ([picture]: readonly Picture[]) => {
    if (picture) action.run(async (session) => session.identify(await copyOf(picture)));
  };

  return (
    <ActionPage
      title="Identify"
      lead="Who is this? The cloud looks through its whole gallery, and knows nobody outside it."
      form={
        <>
          <PicturePicker
            pictures={pictures}
            onPictures={(next) => {
              setPictures(next);
              action.clear();
            }}
            most={1}
            shots={1}
            automatic={false}
            takeLabel="Who am I?"
            onTaken={identify}
          />
          {pictures.length > 0 && (
            <Button kind="primary" icon="identify" unavailable={!action.ready} onPress={() => identify(pictures)}>
              {outcome ? 'Identify again' : 'Identify'}
            </Button>
          )}
        </>
      }
      answer={
        <>
          <Answer
            action={action}
            words={
              outcome &&
              (outcome.subject === null
                ? { sign: 'no', title: 'Nobody known', text: 'No template in the gallery matches this face.' }
                : {
                    sign: 'yes',
                    title: `This is ${outcome.subject}`,
                    text: 'The nearest template in the gallery, and near enough.',
                  })
            }
          >
            <Explanation
              steps={[
                'One picture becomes one message, as in verifying, but without a name.',
                'The cloud compares it with every template it keeps.',
                'It answers with the best name, if that is near enough, or with nobody.',
              ]}
            />
          </Answer>
          {outcome && <Sent receipt={outcome.receipt} />}
        </>
      }
    >
      {outcome && <Reveal captures={outcome.receipt.captures} />}
    </ActionPage>
  );
}
