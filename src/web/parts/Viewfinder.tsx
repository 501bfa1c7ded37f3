import { useEffect, useId, useRef } from 'react';
import { frameOf } from '../../client/guide.js';
import { sentence, type ErrorCode } from '../../client/messages.js';
import { useGuide } from '../useGuide.js';
import { useSession } from '../useSession.js';
import { Button } from './Button.js';
import { Oval } from './Oval.js';

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

/** The live picture, mirrored as in a mirror, with one hint at a time. */
export function Viewfinder(props: ViewfinderProps) {
  const { stream, cameras, taken, wanted, automatic, takeLabel, onTake, onCamera, onStop } = props;
  const session = useSession();
  const video = useRef<HTMLVideoElement>(null);
  const chooser = useId();
  const hint = useGuide(session, video, (frame) => (automatic ? onTake(frame) : frame.close()));
  const { deviceId, facingMode } = stream.getVideoTracks()[0]?.getSettings() ?? {};

  useEffect(() => {
    if (!video.current) return;
    video.current.srcObject = stream;
    video.current.scrollIntoView({ block: 'center' });
  }, [stream]);

  const takeNow = async () => {
    const frame = await frameOf(video.current);
    if (frame !== null) onTake(frame);
  };

  return (
    <>
      <div className="viewport">
        <video ref={video} className={facingMode === 'environment' ? '' : 'mirrored'} autoPlay playsInline muted />
        <Oval good={hint === null} taken={taken} wanted={wanted} />
        <p className="hint" role="status">
          {guidance(hint, automatic)}
        </p>
      </div>
      {wanted > 1 && (
        <p className="count" role="status">
          {`${taken} of ${wanted} pictures taken`}
        </p>
      )}
      <div className="row">
        <Button
          kind={automatic ? 'plain' : 'primary'}
          icon={automatic ? 'camera' : undefined}
          onPress={() => void takeNow()}
        >
          {takeLabel}
        </Button>
        <Button kind="quiet" label="Stop camera" onPress={onStop}>
          Stop
        </Button>
      </div>
      {cameras.length > 1 && (
        <div className="field">
          <label htmlFor={chooser}>Camera</label>
          <select id={chooser} value={deviceId} onChange={(event) => onCamera(event.target.value)}>
            {cameras.map((camera, i) => (
              <option key={camera.deviceId} value={camera.deviceId}>
                {camera.label || `Camera ${i + 1}`}
              </option>
            ))}
          </select>
        </div>
      )}
    </>
  );
}

function guidance(hint: ErrorCode | null | undefined, automatic: boolean): string {
  if (hint === undefined) return 'Looking for a face…';
  if (hint !== null) return sentence(hint);
  return automatic ? 'Good. Hold still.' : 'Good.';
}
