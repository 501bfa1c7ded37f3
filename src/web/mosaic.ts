import { FEATURE_CHANNELS, FEATURE_SIZE, type Pixels } from '../client/reveal.js';

/** Pixels between two tiles, transparent. */
const GAP = 1;
/** Share of all values that the gray scale spans; the rest is drawn black or white. */
const SPANNED = 0.995;

/** Tiles a side: 64, 16, 4 channels or one at a time. */
export const SIDES = [8, 4, 2, 1] as const;
export type Side = (typeof SIDES)[number];

/** How many mosaics of `side` × `side` tiles it takes to show every channel. */
export function pagesOf(side: Side): number {
  return FEATURE_CHANNELS / (side * side);
}

/** The page of `side` that shows the first channel of `page` of `before`, so that zooming stays where it was. */
export function sameChannel(page: number, before: Side, side: Side): number {
  return Math.floor((page * before * before) / (side * side));
}

/** The magnitude that is drawn white, and negated black: one for all maps, so that grays compare. */
export function commonRange(...maps: readonly Float32Array[]): number {
  const magnitudes = new Float32Array(maps.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const map of maps) {
    magnitudes.set(map.map(Math.abs), at);
    at += map.length;
  }
  magnitudes.sort();
  return magnitudes[Math.ceil(magnitudes.length * SPANNED) - 1] || 1;
}

/** Draws one page of a feature map [14, 14, 128], a channel a tile: black is -range, middle gray 0, white range. */
export function mosaic(map: Float32Array, page: number, side: Side, range: number): Pixels {
  const size = side * (FEATURE_SIZE + GAP) - GAP;
  const data = new Uint8ClampedArray(size * size * 4);
  for (let tile = 0; tile < side * side; tile++) {
    const channel = page * side * side + tile;
    const top = Math.floor(tile / side) * (FEATURE_SIZE + GAP);
    const left = (tile % side) * (FEATURE_SIZE + GAP);
    for (let position = 0; position < FEATURE_SIZE * FEATURE_SIZE; position++) {
      const row = top + Math.floor(position / FEATURE_SIZE);
      const column = left + (position % FEATURE_SIZE);
      const at = (row * size + column) * 4;
      data[at] = data[at + 1] = data[at + 2] = 127.5 * (1 + map[position * FEATURE_CHANNELS + channel]! / range);
      data[at + 3] = 255;
    }
  }
  return { data, width: size, height: size };
}

/** Numbers of a block's row. */
const BLOCK_COLUMNS = 16;

/** Draws a direction [128], a pixel a number, in rows: black is the largest magnitude negated, white that magnitude. */
export function block(values: Float32Array): Pixels {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const data = new Uint8ClampedArray(values.length * 4).fill(255);
  values.forEach((value, i) => (data[4 * i] = data[4 * i + 1] = data[4 * i + 2] = 127.5 * (1 + value / largest)));
  return { data, width: BLOCK_COLUMNS, height: values.length / BLOCK_COLUMNS };
}
