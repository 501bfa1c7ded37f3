import type { Picture } from '../client/types.js';

/** A copy to give away: whoever gets an ImageBitmap may close it. */
export async function copyOf(picture: Picture): Promise<Picture> {
  return picture instanceof Blob ? picture : createImageBitmap(picture);
}

/** Draws the middle of a picture over a whole square canvas. */
export function drawMiddle(canvas: HTMLCanvasElement, picture: ImageBitmap): void {
  const side = Math.min(picture.width, picture.height);
  const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2];
  canvas.getContext('2d')?.drawImage(picture, left, top, side, side, 0, 0, canvas.width, canvas.height);
}
