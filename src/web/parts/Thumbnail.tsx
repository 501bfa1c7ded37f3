import { useEffect, useRef, useState } from 'react';
import type { Picture } from '../../client/types.js';
import { drawMiddle } from '../pictures.js';
import { useTexts } from '../useTexts.js';

/** The middle of a picture. */
export function Thumbnail({ picture, label }: { picture: Picture; label: string }) {
  const { sentence } = useTexts();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [broken, setBroken] = useState(false);

  useEffect(() => {
    let shown = true;
    createImageBitmap(picture).then(
      (bitmap) => {
        if (shown && canvas.current) drawMiddle(canvas.current, bitmap);
        if (shown) setBroken(false);
        bitmap.close();
      },
      () => shown && setBroken(true),
    );
    return () => {
      shown = false;
    };
  }, [picture]);

  return (
    <div className="thumbnail">
      <canvas ref={canvas} width={360} height={360} role="img" aria-label={label} />
      {broken && <p role="alert">{sentence('image_corrupt')}</p>}
    </div>
  );
}
