export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Of the standard normal distribution, for 95 %. */
const Z = 1.959964;

/**
 * Wilson's 95 % interval of a share of `n` trials that are taken as independent: pairs of LFW show different people. Says nothing of how
 * another training run would have ended.
 */
export function wilson(share: number, n: number): Interval {
  const middle = (share + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const half = (Z / (1 + Z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
