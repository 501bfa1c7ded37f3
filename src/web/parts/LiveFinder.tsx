import type { Liveness, Move } from '../../client/liveness.js';
import type { Challenger } from '../useCheckedFor.js';
import { useLiveness } from '../useLiveness.js';
import { useSession } from '../useSession.js';
import { useVideo } from '../useVideo.js';
import { Button } from './Button.js';
import { CameraControls } from './CameraControls.js';
import { Icon } from './Icon.js';
import { Oval } from './Oval.js';
import { isMirrored, Screen } from './Screen.js';
import { ScreenLight } from './ScreenLight.js';
import { useTexts } from '../useTexts.js';

interface LiveFinderProps {
  stream: MediaStream;
  cameras: readonly MediaDeviceInfo[];
  challenger: Challenger;
  /** Pictures to take in the course of it. */
  wanted: number;
  onTaken: (pictures: readonly ImageBitmap[]) => void;
  onCamera: (deviceId: string) => void;
  onStop: () => void;
}

const OPPOSITE = { left: 'right', right: 'left' } as const;

/** A liveness check before the camera, a movement at a time, and its pictures. */
export function LiveFinder({ stream, cameras, challenger, wanted, onTaken, onCamera, onStop }: LiveFinderProps) {
  const { t, sentence } = useTexts();
  const session = useSession();
  const video = useVideo(stream);
  const check = useLiveness(session, stream, video, challenger, wanted, onTaken);
  const { state, counted, refusal } = check;
  const asked = refusal === null ? (state?.asked ?? null) : null;
  const [done, asking] = [state?.done ?? 0, state?.moves.length ?? 3];

  const next = state && instruction(state);
  const said =
    refusal !== null
      ? sentence(refusal)
      : next === null
        ? t('camera.looking')
        : next.key === undefined
          ? sentence(next.hint)
          : t(next.key);

  return (
    <ScreenLight dark={refusal === null && state?.hint === 'too_dark'}>
      <Screen stream={stream} video={video} hint={said} counted={counted}>
        <Oval
          good={refusal === null && state !== null && state.hint === null}
          taken={done}
          wanted={asking}
          size={asked === 'closer' ? 'larger' : asked === 'back' ? 'smaller' : 'usual'}
        />
        {asked !== null && (
          <span className={`asked ${arrow(asked, isMirrored(stream))}`}>
            <Icon name={arrow(asked, isMirrored(stream))} />
          </span>
        )}
      </Screen>
      <p className="count">{t('live.made', { done, count: asking })}</p>
      <CameraControls stream={stream} cameras={cameras} onCamera={onCamera} onStop={onStop}>
        {refusal === null ? (
          <Button icon="camera" unavailable={counted === null} onPress={check.takeNow}>
            {t('live.takeNow')}
          </Button>
        ) : (
          <Button kind="primary" icon="retry" onPress={check.again}>
            {t('frame.tryAgain')}
          </Button>
        )}
      </CameraControls>
    </ScreenLight>
  );
}

/** What to do, as the key of its text; or the hint that says what is wrong. */
function instruction({ asked, hint, done, moves, first }: Liveness) {
  // Left and right are the person's own: in a mirror they are those of the picture.
  if (asked !== null) return { key: `live.${asked}` } as const;
  if (done === moves.length && hint === null) return { key: 'live.last' } as const;
  // On the way back from a movement nothing is wrong yet.
  if (hint === null || (hint === 'face_turned' && first !== null)) {
    return { key: first === null ? 'live.straight' : 'live.straightAgain' } as const;
  }
  return { hint };
}

/** Which way an arrow points on the screen. */
function arrow(asked: Move, mirrored: boolean): Move {
  return !mirrored && (asked === 'left' || asked === 'right') ? OPPOSITE[asked] : asked;
}
