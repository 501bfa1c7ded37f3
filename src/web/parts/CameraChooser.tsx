import { useTexts } from '../useTexts.js';
import { SelectField } from './SelectField.js';

interface CameraChooserProps {
  stream: MediaStream;
  cameras: readonly MediaDeviceInfo[];
  onCamera: (deviceId: string) => void;
}

/** Which camera, where there are several. */
export function CameraChooser({ stream, cameras, onCamera }: CameraChooserProps) {
  const { t } = useTexts();
  const { deviceId } = stream.getVideoTracks()[0]?.getSettings() ?? {};
  if (cameras.length < 2) return null;
  return (
    <SelectField
      label={t('camera.name')}
      options={cameras.map((camera, i) => ({
        value: camera.deviceId,
        name: camera.label || t('camera.number', { number: i + 1 }),
      }))}
      value={deviceId ?? ''}
      onChange={onCamera}
    />
  );
}
