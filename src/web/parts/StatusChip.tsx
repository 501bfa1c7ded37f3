import type { Backend } from '../../client/types.js';
import { useOnline } from '../useOnline.js';
import { useProgress, useSessionState } from '../useSession.js';
import { useTexts } from '../useTexts.js';

/** As their makers write them. */
export const BACKEND_NAMES: Record<Backend, string> = { webgpu: 'WebGPU', webgl: 'WebGL', wasm: 'WASM' };

/** Where the app stands: starting, failed, or what it runs on, with which model, and whether the cloud can be reached. */
export function StatusChip() {
  const { t, percent } = useTexts();
  const state = useSessionState();
  const progress = useProgress();
  const online = useOnline();
  if (state.status === 'failed') return <p className="chip away">{t('chip.notRunning')}</p>;
  if (state.status === 'starting') {
    return (
      <p className="chip">
        {progress && t(`chip.stage.${progress.stage}`)}{' '}
        <span className="chip-figure">{progress && percent(progress.fraction)}</span>
      </p>
    );
  }
  const away = !online || state.error === 'server_away';
  const { backend, release, model } = state.started;
  const underKey = (state.key ?? state.ownKey) !== null;
  const [name, presence] = [BACKEND_NAMES[backend], t(away ? 'chip.away' : 'chip.online')];
  // Said as one sentence: screen readers would stop at each part.
  return (
    <p className={away ? 'chip away' : 'chip'} title={t('chip.model', { model })}>
      <span className="hidden">{t(underKey ? 'chip.saidUnderKey' : 'chip.said', { name, release, presence })}</span>
      <span aria-hidden="true">{name}</span>
      <span className="chip-figure" aria-hidden="true">
        {release}
      </span>
      {underKey && (
        <span className="chip-figure" aria-hidden="true">
          {t('chip.key')}
        </span>
      )}
      <span className="chip-presence" aria-hidden="true">
        {presence}
      </span>
    </p>
  );
}
