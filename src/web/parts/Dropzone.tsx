import { useState, type DragEvent } from 'react';
import { Icon } from './Icon.js';
import { useTexts } from '../useTexts.js';

interface DropzoneProps {
  /** How many more pictures fit. */
  room: number;
  onFiles: (files: readonly File[]) => void;
}

/** Takes pictures by drag and drop, by pointer or by keyboard. */
export function Dropzone({ room, onFiles }: DropzoneProps) {
  const { t } = useTexts();
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFiles([...event.dataTransfer.files]);
  };
  return (
    <label
      className={over ? 'dropzone over' : 'dropzone'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <input
        className="hidden"
        type="file"
        accept="image/*"
        multiple={room > 1}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
      <Icon name="photos" />
      <strong>{room > 1 ? t('pictures.chooseMany') : t('pictures.choose')}</strong>
      <span>{room > 1 ? t('pictures.dropMany', { count: room }) : t('pictures.drop')}</span>
    </label>
  );
}
