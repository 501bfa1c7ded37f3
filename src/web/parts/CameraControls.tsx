import type { ReactNode } from 'react';
import { Button } from './Button.js';
import { CameraChooser } from './CameraChooser.js';
import { useTexts } from '../useTexts.js';

interface CameraControlsProps {
  stream: MediaStream;
  cameras: readonly MediaDeviceInfo[];
  onCamera: (deviceId: string) => void;
  onStop: () => void;
  /** What can be pressed beside stopping. */
  children: ReactNode;
}

/** What stands below a camera's picture. */
export function CameraControls({ stream, cameras, onCamera, onStop, children }: CameraControlsProps) {
  const { t } = useTexts();
  return (
    <>
      <div className="row">
        {children}
        <Button kind="quiet" label={t('camera.stopLabel')} onPress={onStop}>
          {t('camera.stop')}
        </Button>
      </div>
      <CameraChooser stream={stream} cameras={cameras} onCamera={onCamera} />
    </>
  );
}
