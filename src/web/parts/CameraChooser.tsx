import { useId } from 'react';

interface CameraChooserProps {
  stream: MediaStream;
  cameras: readonly MediaDeviceInfo[];
  onCamera: (deviceId: string) => void;
}

/** Which camera, where there are several. */
export function CameraChooser({ stream, cameras, onCamera }: CameraChooserProps) {
  const id = useId();
  const { deviceId } = stream.getVideoTracks()[0]?.getSettings() ?? {};
  if (cameras.length < 2) return null;
  return (
    <div className="field">
      <label htmlFor={id}>Camera</label>
      <select id={id} value={deviceId} onChange={(event) => onCamera(event.target.value)}>
        {cameras.map((camera, i) => (
          <option key={camera.deviceId} value={camera.deviceId}>
            {camera.label || `Camera ${i + 1}`}
          </option>
        ))}
      </select>
    </div>
  );
}
