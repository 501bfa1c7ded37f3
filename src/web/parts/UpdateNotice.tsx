import { useNewVersion } from '../offline.js';
import { useSessionState } from '../useSession.js';
import { Button } from './Button.js';
import { useTexts } from '../useTexts.js';

/** Says that a newer version of the app is ready. Nothing changes before its button is pressed, and while a face is captured or sent it keeps away (layout.css has the camera). */
export function UpdateNotice() {
  const { t } = useTexts();
  const change = useNewVersion();
  const state = useSessionState();
  const busy = state.status === 'ready' && state.activity !== 'idle';
  return (
    <div role="status" className="update-notice">
      {change !== null && !busy && (
        <div className="alert alert-info banner">
          <p>{t('frame.newVersion')}</p>
          <Button icon="retry" onPress={change}>
            {t('frame.reload')}
          </Button>
        </div>
      )}
    </div>
  );
}
