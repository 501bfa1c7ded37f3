const SIDE = 6;

/** Drawn values: smooth like features, rough like noise, or the sum of both. */
const SHADES = {
  features: (i: number) => smooth(i),
  noise: (i: number) => rough(i),
  sum: (i: number) => 0.25 * smooth(i) + 0.75 * rough(i + 50),
};

/** Shades that are told apart. Tiles of one are one shape, because a page of many shapes takes long to lay out. */
const LEVELS = 6;

/** A picture of a feature map, for explaining; not of anybody's. */
export function Tiles({ of }: { of: keyof typeof SHADES }) {
  const levels = Array.from({ length: SIDE * SIDE }, (_, i) => Math.round(SHADES[of](i) * (LEVELS - 1)));
  return (
    <svg className="tiles" viewBox={`0 0 ${SIDE} ${SIDE}`} aria-hidden="true">
      {Array.from({ length: LEVELS }, (_, level) => (
        <path
          key={level}
          d={levels.map((at, i) => (at === level ? tile(i) : '')).join('')}
          fillOpacity={0.06 + (0.9 * level) / (LEVELS - 1)}
        />
      ))}
    </svg>
  );
}

function tile(i: number): string {
  return `M${(i % SIDE) + 0.05} ${Math.floor(i / SIDE) + 0.05}h.9v.9h-.9z`;
}

/** Two soft spots, in [0, 1]. */
function smooth(i: number): number {
  const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
  return Math.min(
    1,
    Math.exp(-((x - 1.6) ** 2 + (y - 2) ** 2) / 2.4) + 0.8 * Math.exp(-((x - 4) ** 2 + (y - 3.6) ** 2) / 3),
  );
}

/** Fixed, without pattern, in [0, 1). */
function rough(i: number): number {
  const value = Math.sin(i * 127.1 + 11.7) * 43758.5453;
  return value - Math.floor(value);
}
