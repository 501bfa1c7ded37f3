import type { Picture } from '../../client/types.js';
import { Icon } from './Icon.js';
import { Thumbnail } from './Thumbnail.js';
import { useTexts } from '../useTexts.js';

/** The pictures chosen so far. They are in this page only. */
export function Tray({ pictures, onRemove }: { pictures: readonly Picture[]; onRemove: (index: number) => void }) {
  const { t } = useTexts();
  return (
    <ul className="tray" data-count={pictures.length} aria-label={t('pictures.chosen')}>
      {pictures.map((picture, i) => (
        // By place: when one is removed, the next takes its place and the focus stays.
        <li key={i}>
          <Thumbnail
            picture={picture}
            label={picture instanceof File ? picture.name : t('pictures.number', { number: i + 1 })}
          />
          <button
            type="button"
            className="remove"
            aria-label={t('pictures.remove', { number: i + 1 })}
            onClick={() => onRemove(i)}
          >
            <Icon name="cross" />
          </button>
        </li>
      ))}
    </ul>
  );
}
