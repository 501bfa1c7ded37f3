import type { Picture } from '../../client/types.js';
import { ActionPage } from '../parts/ActionPage.js';
import { OnePicture } from '../parts/OnePicture.js';
import { copyOf } from '../pictures.js';
import { useAction } from '../useSession.js';

export function Identify() {
  const action = useAction();
  const outcome = action.outcome?.kind === 'identified' ? action.outcome : null;

  const identify = (picture: Picture) => action.run(async (session) => session.identify(await copyOf(picture)));

  return (
    <ActionPage
      title="Identify"
      lead="Who is this? The cloud looks through its whole gallery, and knows nobody outside it."
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
      steps={[
        'One picture becomes one message, as in verifying, but without a name.',
        'The cloud compares it with every template it keeps.',
        'It answers with the best name, if that is near enough, or with nobody.',
      ]}
      receipt={outcome?.receipt}
    >
      <OnePicture
        action={action}
        takeLabel="Who am I?"
        atOnce
        kind="primary"
        icon="identify"
        label={outcome ? 'Identify again' : 'Identify'}
        onAct={identify}
      />
    </ActionPage>
  );
}
