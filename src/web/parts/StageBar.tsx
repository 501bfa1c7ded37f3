import { useTexts } from '../useTexts.js';

/** Times of stages, in ms: as widths for the eye, as a list for all. */
export function StageBar({ stages }: { stages: readonly { readonly name: string; readonly ms: number }[] }) {
  const { duration } = useTexts();
  return (
    <>
      <div className="stage-bar" aria-hidden="true">
        {stages.map(({ name, ms }) => (
          <span key={name} style={{ flexGrow: ms }} />
        ))}
      </div>
      <dl className="stages">
        {stages.map(({ name, ms }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{duration(ms)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
