import { useEffect, useRef } from 'react';
import type { Pixels } from '../../client/reveal.js';

/** Pixels as they are; enlarged without smoothing. */
export function PixelCanvas({ pixels, label }: { pixels: Pixels; label: string }) {
  const { width, height } = pixels;
  const canvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const image = context.createImageData(width, height);
    image.data.set(pixels.data);
    context.putImageData(image, 0, 0);
  }, [pixels, width, height]);

  return <canvas ref={canvas} className="pixels" width={width} height={height} role="img" aria-label={label} />;
}
