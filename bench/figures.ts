export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The smallest value that is not exceeded by the share `share` of them. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** For people: one decimal below ten, none above. */
export function round(value: number): number {
  return Number(value.toFixed(value < 10 ? 1 : 0));
}
