/** The oval as one line that begins and ends at the top. */
const LINE = 'M45 1a44 59 0 0 1 0 118a44 59 0 0 1 0-118';
/** Part of its share of the oval that an arc fills; the rest is a gap. */
const FILLED = 0.94;

interface OvalProps {
  good: boolean;
  /** Arcs that are filled, of so many. */
  taken: number;
  wanted: number;
  /** How large it is: whoever is to come closer or go back fills it then. */
  size?: 'usual' | 'larger' | 'smaller';
  /** Whether it lights up, once, with each arc. */
  flashes?: boolean;
}

/** Where the face belongs; one arc of it fills with each picture taken or movement made. */
export function Oval({ good, taken, wanted, size = 'usual', flashes = false }: OvalProps) {
  return (
    <div className={`oval ${size}${good ? ' good' : ''}`} aria-hidden="true">
      <svg viewBox="0 0 90 120">
        <path className="guide" d={LINE} />
        {Array.from({ length: taken }, (_, i) => (
          <path
            key={i}
            className="arc"
            d={LINE}
            pathLength={wanted}
            strokeDasharray={`${FILLED} ${wanted - FILLED}`}
            strokeDashoffset={-(i + (1 - FILLED) / 2)}
          />
        ))}
      </svg>
      {flashes && taken > 0 && <div key={taken} className="flash" />}
    </div>
  );
}
