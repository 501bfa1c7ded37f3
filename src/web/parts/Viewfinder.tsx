import { frameOf } from '../../client/guide.js';
import { useGuide } from '../useGuide.js';
import { useSession } from '../useSession.js';
import { useVideo } from '../useVideo.js';
import { Button } from './Button.js';
import { CameraControls } from './CameraControls.js';
import { Oval } from './Oval.js';
import { Screen } from './Screen.js';
import { ScreenLight } from './ScreenLight.js';
import { useTexts } from '../useTexts.js';

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
  const { t, sentence } = useTexts();
  const { stream, cameras, taken, wanted, automatic, takeLabel, onTake, onCamera, onStop } = props;
  const session = useSession();
  const video = useVideo(stream);
  const { hint, counted } = useGuide(session, video, (frame) => (automatic ? onTake(frame) : frame.close()));
  const said =
    hint === undefined
      ? t('camera.looking')
      : hint !== null
        ? sentence(hint)
        : automatic
          ? t('camera.goodHold')
          : t('camera.good');

  const takeNow = async () => {
    const frame = await frameOf(video.current);
    if (frame !== null) onTake(frame);
  };

  return (
    <ScreenLight dark={hint === 'too_dark'}>
      <Screen stream={stream} video={video} hint={said} counted={automatic ? counted : null}>
        <Oval good={hint === null} taken={taken} wanted={wanted} flashes />
      </Screen>
      {wanted > 1 && (
        <p className="count" role="status">
          {t('camera.taken', { taken, count: wanted })}
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
    </ScreenLight>
  );
}
