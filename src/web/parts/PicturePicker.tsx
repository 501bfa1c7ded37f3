import { useRef, useState } from 'react';
import type { Picture } from '../../client/types.js';
import { useKeepFocus } from '../useKeepFocus.js';
import type { Challenger } from '../useCheckedFor.js';
import { Button } from './Button.js';
import { Camera } from './Camera.js';
import { Dropzone } from './Dropzone.js';
import { Segments } from './Segments.js';
import { Tray } from './Tray.js';
import { useTexts } from '../useTexts.js';

interface PicturePickerProps {
  pictures: readonly Picture[];
  onPictures: (pictures: readonly Picture[]) => void;
  /** The picture that was refused, of several. */
  wrong?: number | null;
  /** Most pictures there may be. */
  most: number;
  /** Pictures the camera takes before it is released; by itself if `automatic`. */
  shots: number;
  automatic: boolean;
  /** Says what the camera's button does. */
  takeLabel: string;
  /** Has liveness checked at the camera; a file has none. */
  challenger?: Challenger | undefined;
  /** Called when the camera has taken its pictures. */
  onTaken?: (pictures: readonly Picture[]) => void;
}

const SOURCES = [
  { value: 'camera', icon: 'camera' },
  { value: 'photos', icon: 'photos' },
] as const;

/** Where pictures come from: the camera, or files. Nothing is sent from here. */
export function PicturePicker(props: PicturePickerProps) {
  const { t } = useTexts();
  const { pictures, onPictures, wrong = null, most, shots, automatic, takeLabel, challenger, onTaken } = props;
  const [source, setSource] = useState<'camera' | 'photos'>('camera');
  const [tooMany, setTooMany] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  useKeepFocus(frame, pictures);
  const room = most - pictures.length;

  const change = (next: readonly Picture[]) => {
    setTooMany(next.length > most);
    onPictures(next.slice(0, most));
  };

  if (pictures.length > 0) {
    return (
      <div ref={frame} className="picker" role="group" aria-label={t('pictures.name')} tabIndex={-1}>
        <Tray pictures={pictures} wrong={wrong} onRemove={(index) => change(pictures.toSpliced(index, 1))} />
        {source === 'photos' && room > 0 && (
          <Dropzone room={room} onFiles={(files) => change([...pictures, ...files])} />
        )}
        {tooMany && (
          <p className="trouble" role="alert">
            {t('pictures.tooMany', { count: most })}
          </p>
        )}
        <Button kind="quiet" icon="retry" onPress={() => change([])}>
          {source === 'camera' ? t('pictures.takeAgain') : t('pictures.chooseAgain')}
        </Button>
      </div>
    );
  }
  return (
    <div ref={frame} className="picker" role="group" aria-label={t('pictures.name')} tabIndex={-1}>
      <Segments
        label={t('pictures.source')}
        options={SOURCES.map((option) => ({ ...option, name: t(`pictures.${option.value}`) }))}
        value={source}
        onChange={setSource}
      />
      {source === 'camera' ? (
        <Camera
          wanted={shots}
          automatic={automatic}
          takeLabel={takeLabel}
          challenger={challenger}
          onTaken={(taken) => {
            change(taken);
            onTaken?.(taken);
          }}
        />
      ) : (
        <>
          <Dropzone room={room} onFiles={change} />
          {challenger && <p className="count">{t('live.photosUnchecked')}</p>}
        </>
      )}
    </div>
  );
}
