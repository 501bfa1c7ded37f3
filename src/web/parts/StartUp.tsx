import { useProgress, useSession, useSessionState } from '../useSession.js';
import { FailureBanner } from './FailureBanner.js';
import { UpdateNotice } from './UpdateNotice.js';
import { useTexts } from '../useTexts.js';

/** How far the start is, as a line under the header, or why there was none. The page can be read and filled in meanwhile. */
export function StartUp() {
  const { t } = useTexts();
  const session = useSession();
  const state = useSessionState();
  const progress = useProgress();
  return (
    <section className="start-up" aria-label={t('frame.startUp')}>
      {progress !== null && (
        <progress
          className="progress progress-primary"
          aria-label={t('frame.starting')}
          value={progress.fraction}
          max={1}
        >
          {t(`chip.stage.${progress.stage}`)}
        </progress>
      )}
      <div role="alert">
        {state.status === 'failed' && (
          <FailureBanner error={state.error} act={t('frame.tryAgain')} onAct={() => session.restart()} />
        )}
      </div>
      <UpdateNotice />
    </section>
  );
}
