import { useState } from 'react';
import type { Picture } from '../../client/types.js';
import type { Action } from '../useSession.js';
import { Button } from './Button.js';
import type { IconName } from './Icon.js';
import { PicturePicker } from './PicturePicker.js';

interface OnePictureProps {
  action: Action;
  /** Says what the camera's button does. */
  takeLabel: string;
  /** Whether a picture is acted on as soon as the camera has taken it. */
  atOnce?: boolean;
  kind: 'primary' | 'danger';
  icon: IconName;
  /** Says what the button below the picture does. */
  label: string;
  onAct: (picture: Picture) => void;
}

/** One picture and, once it is there, the button that acts on it. */
export function OnePicture({ action, takeLabel, atOnce = false, kind, icon, label, onAct }: OnePictureProps) {
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const act = ([picture]: readonly Picture[]) => picture && onAct(picture);
  return (
    <>
      <PicturePicker
        pictures={pictures}
        onPictures={(next) => {
          setPictures(next);
          action.clear();
        }}
        most={1}
        shots={1}
        automatic={false}
        takeLabel={takeLabel}
        onTaken={atOnce ? act : undefined}
      />
      {pictures.length > 0 && (
        <Button kind={kind} icon={icon} unavailable={!action.ready} onPress={() => act(pictures)}>
          {label}
        </Button>
      )}
    </>
  );
}
