import type { Backend, Progress } from '../../client/types.js';
import { percent } from '../format.js';
import { useOnline } from '../useOnline.js';
import { useSessionState } from '../useSession.js';

const BACKEND_NAMES: Record<Backend, string> = { webgpu: 'WebGPU', webgl: 'WebGL', wasm: 'WASM' };

const STAGES: Record<Progress['stage'], string> = {
  download: 'Loading model',
  detector: 'Starting detector',
  backend: 'Choosing backend',
  compile: 'Compiling',
};

/** Where the app stands: starting, failed, or what it runs on, with which model, and whether the cloud can be reached. */
export function StatusChip() {
  const state = useSessionState();
  const online = useOnline();
  if (state.status === 'failed') return <p className="chip away">Not running</p>;
  if (state.status === 'starting') {
    const { stage, fraction } = state.progress;
    return (
      <p className="chip">
        {STAGES[stage]} <span className="chip-figure">{percent(fraction)}</span>
      </p>
    );
  }
  const away = !online || state.error === 'server_away';
  const { backend, release, model } = state.started;
  return (
    <p className={away ? 'chip away' : 'chip'} title={`Model ${model}`}>
      <span className="hidden">Runs on </span>
      {BACKEND_NAMES[backend]}
      <span className="chip-figure">
        <span className="hidden">, model release </span>
        {release}
      </span>
      {(state.key ?? state.ownKey) !== null && (
        <span className="chip-figure">
          <span className="hidden">, under a </span>key
        </span>
      )}
      <span className="chip-presence">{away ? 'away' : 'online'}</span>
    </p>
  );
}
