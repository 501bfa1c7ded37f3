import { frameOf } from '../../client/guide.js';
import { sentence, type ErrorCode } from '../../client/messages.js';
import { useGuide } from '../useGuide.js';
import { useSession } from '../useSession.js';
import { useVideo } from '../useVideo.js';
import { Button } from './Button.js';
import { CameraControls } from './CameraControls.js';
import { Oval } from './Oval.js';
import { Screen } from './Screen.js';

interface ViewfinderProps {
  stream: MediaStream;
  cameras: readonly MediaDeviceInfo[];
  taken: number;
  wanted: number;
  automatic: boolean;
  takeLabel: string;
  onTake: (picture: ImageBitmap) => void;
  onCamera: (deviceId: string) => void;
  onStop: () => void;
}

/** What the camera sees, and the pictures taken of it. */
export function Viewfinder(props: ViewfinderProps) {
  const { stream, cameras, taken, wanted, automatic, takeLabel, onTake, onCamera, onStop } = props;
  const session = useSession();
  const video = useVideo(stream);
  const { hint, counted } = useGuide(session, video, (frame) => (automatic ? onTake(frame) : frame.close()));

  const takeNow = async () => {
    const frame = await frameOf(video.current);
    if (frame !== null) onTake(frame);
  };

  return (
    <>
      <Screen stream={stream} video={video} hint={guidance(hint, automatic)} counted={automatic ? counted : null}>
        <Oval good={hint === null} taken={taken} wanted={wanted} flashes />
      </Screen>
      {wanted > 1 && (
        <p className="count" role="status">
          {`${taken} of ${wanted} pictures taken`}
        </p>
      )}
      <CameraControls stream={stream} cameras={cameras} onCamera={onCamera} onStop={onStop}>
        <Button
          kind={automatic ? 'plain' : 'primary'}
          icon={automatic ? 'camera' : undefined}
          onPress={() => void takeNow()}
        >
          {takeLabel}
        </Button>
      </CameraControls>
    </>
  );
}

function guidance(hint: ErrorCode | null | undefined, automatic: boolean): string {
  if (hint === undefined) return 'Looking for a face…';
  if (hint !== null) return sentence(hint);
  return automatic ? 'Good. Hold still.' : 'Good.';
}
