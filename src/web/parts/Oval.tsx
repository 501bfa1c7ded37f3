/** The oval as one line that begins and ends at the top. */
const LINE = 'M45 1a44 59 0 0 1 0 118a44 59 0 0 1 0-118';
/** Part of its share of the oval that a picture's arc fills; the rest is a gap. */
const FILLED = 0.94;

/** Where the face belongs; one arc of it fills with each picture taken. */
export function Oval({ good, taken, wanted }: { good: boolean; taken: number; wanted: number }) {
  return (
    <div className={good ? 'oval good' : 'oval'} aria-hidden="true">
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
      {taken > 0 && <div key={taken} className="flash" />}
    </div>
  );
}
