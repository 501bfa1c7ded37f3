import { lazy, Suspense, useRef, useState } from 'react';
import { changeSettings } from '../settings.js';
import { useSettings } from '../useSettings.js';
import { useCamera } from '../useCamera.js';
import { useKeepFocus } from '../useKeepFocus.js';
import type { Challenger } from '../useCheckedFor.js';
import { useSessionState } from '../useSession.js';
import { Button } from './Button.js';
import { Icon } from './Icon.js';
import { useTexts } from '../useTexts.js';

// Nobody needs them before a camera is open.
const LiveFinder = lazy(async () => ({ default: (await import('./LiveFinder.js')).LiveFinder }));
const Viewfinder = lazy(async () => ({ default: (await import('./Viewfinder.js')).Viewfinder }));

interface CameraProps {
  /** Pictures to take; then the camera is released. */
  wanted: number;
  /** Whether good pictures are taken without a press. */
  automatic: boolean;
  takeLabel: string;
  /** Has liveness checked, in the course of which the pictures are taken by themselves. */
  challenger?: Challenger | undefined;
  onTaken: (pictures: readonly ImageBitmap[]) => void;
}

/** The camera, off until someone starts it. */
export function Camera({ wanted, automatic, takeLabel, challenger, onTaken }: CameraProps) {
  const { t, sentence } = useTexts();
  const { state, start, stop } = useCamera();
  const { camera: chosen } = useSettings();
  const ready = useSessionState().status === 'ready';
  const [taken, setTaken] = useState<readonly ImageBitmap[]>([]);
  const frame = useRef<HTMLDivElement>(null);
  useKeepFocus(frame, state.phase);

  const finish = (pictures: readonly ImageBitmap[]) => {
    stop();
    onTaken(pictures);
  };
  const take = (picture: ImageBitmap) => {
    const next = [...taken, picture];
    setTaken(next);
    if (next.length === wanted) finish(next);
  };

  const shared = (live: Extract<typeof state, { phase: 'live' }>) => ({
    stream: live.stream,
    cameras: live.cameras,
    onCamera(deviceId: string) {
      changeSettings({ camera: deviceId });
      void start(deviceId);
    },
    onStop() {
      stop();
      setTaken([]);
    },
  });

  return (
    <div ref={frame} className="camera" role="group" aria-label={t('camera.name')} tabIndex={-1}>
      {state.phase === 'live' && (
        <Suspense fallback={<div className="viewport off" />}>
          {challenger !== undefined ? (
            <LiveFinder {...shared(state)} challenger={challenger} wanted={wanted} onTaken={finish} />
          ) : (
            <Viewfinder
              {...shared(state)}
              onTake={take}
              taken={taken.length}
              wanted={wanted}
              automatic={automatic}
              takeLabel={takeLabel}
            />
          )}
        </Suspense>
      )}
      {state.phase !== 'live' && (
        <div className="viewport off">
          <Icon name="camera" />
          <Button
            kind="primary"
            unavailable={!ready || state.phase === 'opening'}
            onPress={() => {
              setTaken([]);
              void start(chosen ?? undefined);
            }}
          >
            {state.phase === 'opening' ? t('camera.opening') : t('camera.start')}
          </Button>
          <p role="status">
            {state.phase === 'opening' && t('camera.allow')}
            {state.phase === 'off' && state.error && <span className="trouble">{sentence(state.error)}</span>}
            {state.phase === 'off' && state.released && t('camera.released')}
            {state.phase === 'off' &&
              !state.error &&
              !state.released &&
              (ready ? t('camera.off') : t('camera.loading'))}
          </p>
        </div>
      )}
    </div>
  );
}
