import type { Picture } from '../../client/types.js';
import { Icon } from './Icon.js';
import { Thumbnail } from './Thumbnail.js';

/** The pictures chosen so far. They are in this page only. */
export function Tray({ pictures, onRemove }: { pictures: readonly Picture[]; onRemove: (index: number) => void }) {
  return (
    <ul className="tray" data-count={pictures.length} aria-label="Chosen pictures">
      {pictures.map((picture, i) => (
        // By place: when one is removed, the next takes its place and the focus stays.
        <li key={i}>
          <Thumbnail picture={picture} label={picture instanceof File ? picture.name : `Picture ${i + 1}`} />
          <button type="button" className="remove" aria-label={`Remove picture ${i + 1}`} onClick={() => onRemove(i)}>
            <Icon name="cross" />
          </button>
        </li>
      ))}
    </ul>
  );
}
