import type { Picture } from '../../client/types.js';
import { Icon } from './Icon.js';
import { Thumbnail } from './Thumbnail.js';
import { useTexts } from '../useTexts.js';

interface TrayProps {
  pictures: readonly Picture[];
  /** The one that was refused; null for none. */
  wrong: number | null;
  onRemove: (index: number) => void;
}

/** The pictures chosen so far. They are in this page only. */
export function Tray({ pictures, wrong, onRemove }: TrayProps) {
  const { t } = useTexts();
  return (
    <ul className="tray" data-count={pictures.length} aria-label={t('pictures.chosen')}>
      {pictures.map((picture, i) => (
        // By place: when one is removed, the next takes its place and the focus stays.
        <li key={i} className={i === wrong ? 'wrong' : undefined}>
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
