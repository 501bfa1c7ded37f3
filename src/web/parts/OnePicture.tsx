import { useState } from 'react';
import type { Picture } from '../../client/types.js';
import type { Challenger } from '../useCheckedFor.js';
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
  /** Has liveness checked at the camera. */
  challenger?: Challenger | undefined;
  kind: 'primary' | 'danger';
  icon: IconName;
  /** Says what the button below the picture does. */
  label: string;
  onAct: (picture: Picture) => void;
}

/** One picture and, once it is there, the button that acts on it. */
export function OnePicture({
  action,
  takeLabel,
  atOnce = false,
  challenger,
  kind,
  icon,
  label,
  onAct,
}: OnePictureProps) {
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const act = ([picture]: readonly Picture[]) => {
    if (picture === undefined) return;
    onAct(picture);
    // One check is for one try.
    if (challenger && !(picture instanceof Blob)) setPictures([]);
  };
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
        challenger={challenger}
        onTaken={atOnce ? act : undefined}
      />
      {pictures.length > 0 && (
        <Button kind={kind} icon={icon} submits unavailable={!action.ready} onPress={() => act(pictures)}>
          {label}
        </Button>
      )}
    </>
  );
}
