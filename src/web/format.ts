/** "13,104 bytes". */
export function bytes(count: number): string {
  // By hand: the first `Intl.NumberFormat` of a page takes longer to make than anything else before the page shows.
  const separated = String(count).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${separated} ${count === 1 ? 'byte' : 'bytes'}`;
}

/** A time in ms as people read it: "< 1 ms", "84 ms", "1.4 s". */
export function duration(ms: number): string {
  if (ms < 1) return '< 1 ms';
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A share in [0, 1] as "43 %". */
export function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

/** "one picture", "three pictures". For counts up to five. */
export function counted(count: number, noun: string): string {
  const word = ['no', 'one', 'two', 'three', 'four', 'five'][count] ?? String(count);
  return `${word} ${noun}${count === 1 ? '' : 's'}`;
}

/** The first `most` bytes as pairs of hexadecimal digits, and an ellipsis if there are more. */
export function hexDump(values: Uint8Array, most: number): string {
  const pairs = Array.from(values.subarray(0, most), (value) => value.toString(16).padStart(2, '0'));
  return (values.length > most ? [...pairs, '…'] : pairs).join(' ');
}
