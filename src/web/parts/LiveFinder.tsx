import type { Liveness, Move } from '../../client/liveness.js';
import { sentence } from '../../client/messages.js';
import { useLiveness, type Challenger } from '../useLiveness.js';
import { useSession } from '../useSession.js';
import { useVideo } from '../useVideo.js';
import { Button } from './Button.js';
import { CameraControls } from './CameraControls.js';
import { Icon, type IconName } from './Icon.js';
import { Oval } from './Oval.js';
import { isMirrored, Screen } from './Screen.js';

interface LiveFinderProps {
  stream: MediaStream;
  cameras: readonly MediaDeviceInfo[];
  challenger: Challenger;
  onTake: (picture: ImageBitmap) => void;
  onCamera: (deviceId: string) => void;
  onStop: () => void;
}

/** Left and right are the person's own: in a mirror they are those of the picture. */
const ASKED: Readonly<Record<Move, { readonly words: string; readonly icon: IconName }>> = {
  left: { words: 'Turn your head to your left.', icon: 'left' },
  right: { words: 'Turn your head to your right.', icon: 'right' },
  closer: { words: 'Come closer.', icon: 'closer' },
  back: { words: 'Move back.', icon: 'back' },
};
const OPPOSITE = { left: 'right', right: 'left' } as const;

/** A liveness check before the camera, a movement at a time, and the picture at its end. */
export function LiveFinder({ stream, cameras, challenger, onTake, onCamera, onStop }: LiveFinderProps) {
  const session = useSession();
  const video = useVideo(stream);
  const check = useLiveness(session, stream, video, challenger, onTake);
  const { state, counted, refusal } = check;
  const asked = refusal === null ? (state?.asked ?? null) : null;
  const [done, wanted] = [state?.done ?? 0, state?.moves.length ?? 3];

  return (
    <>
      <Screen
        stream={stream}
        video={video}
        hint={refusal === null ? instruction(state) : sentence(refusal)}
        counted={counted}
      >
        <Oval
          good={refusal === null && state !== null && state.hint === null}
          taken={done}
          wanted={wanted}
          size={asked === 'closer' ? 'larger' : asked === 'back' ? 'smaller' : 'usual'}
        />
        {asked !== null && (
          <span className={`asked ${arrow(asked, isMirrored(stream))}`}>
            <Icon name={ASKED[arrow(asked, isMirrored(stream))].icon} />
          </span>
        )}
      </Screen>
      <p className="count">{`${done} of ${wanted} movements made`}</p>
      <CameraControls stream={stream} cameras={cameras} onCamera={onCamera} onStop={onStop}>
        {refusal === null ? (
          <Button icon="camera" unavailable={counted === null} onPress={check.takeNow}>
            Take it now
          </Button>
        ) : (
          <Button kind="primary" icon="retry" onPress={check.again}>
            Try again
          </Button>
        )}
      </CameraControls>
    </>
  );
}

function instruction(state: Liveness | null): string {
  if (state === null) return 'Looking for a face…';
  const { asked, hint, done, moves, first } = state;
  if (asked !== null) return ASKED[asked].words;
  if (done === moves.length && hint === null) return 'Good. Look at the camera and hold still.';
  // On the way back from a movement nothing is wrong yet.
  if (hint === null || (hint === 'face_turned' && first !== null)) {
    return first === null ? 'Look straight at the camera.' : 'Good. Look straight at the camera again.';
  }
  return sentence(hint);
}

/** Which way an arrow points on the screen. */
function arrow(asked: Move, mirrored: boolean): Move {
  return !mirrored && (asked === 'left' || asked === 'right') ? OPPOSITE[asked] : asked;
}
