import { useProgress, useSession, useSessionState } from '../useSession.js';
import { Button } from './Button.js';
import { Icon } from './Icon.js';
import { UpdateNotice } from './UpdateNotice.js';
import { useTexts } from '../useTexts.js';

/** How far the start is, as a line under the header, or why there was none. The page can be read and filled in meanwhile. */
export function StartUp() {
  const { t, sentence } = useTexts();
  const session = useSession();
  const state = useSessionState();
  const progress = useProgress();
  return (
    <section className="start-up" aria-label={t('frame.startUp')}>
      {progress !== null && (
        <progress aria-label={t('frame.starting')} value={progress.fraction} max={1}>
          {t(`chip.stage.${progress.stage}`)}
        </progress>
      )}
      <div role="alert">
        {state.status === 'failed' && (
          <div className="banner">
            <Icon name="warning" />
            <p>
              {sentence(state.error)} <code>{state.error}</code>
            </p>
            <Button icon="retry" onPress={() => session.restart()}>
              {t('frame.tryAgain')}
            </Button>
          </div>
        )}
      </div>
      <UpdateNotice />
    </section>
  );
}
