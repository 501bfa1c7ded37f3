import type { Field, Mode } from '../../client/reveal.js';
import { hexDump } from '../format.js';
import { useTexts } from '../useTexts.js';

/** Bytes of a long field that are shown. */
const SHOWN = 16;

/** Modes by the names that texts have for them. */
export const MODES = { 'xnn-d': 'noise', xnn: 'xnn', keyed: 'keyed' } as const satisfies Record<Mode, string>;

/** The message from its first byte to its last, every field named. */
export function Anatomy({ fields, mode }: { fields: readonly Field[]; mode: Mode }) {
  const { t, bytes } = useTexts();
  const meaning = (name: Field['name']) =>
    name === 'mode' || name === 'scales' || name === 'steps'
      ? t(`anatomy.${name}.${MODES[mode]}`)
      : t(`anatomy.${name}`);
  return (
    <div className="anatomy">
      <h3>{t('anatomy.title')}</h3>
      <dl>
        {fields.map(({ name, at, bytes: content }) => (
          <div key={name}>
            <dt>
              <span lang="en">{name}</span>
              <span>{t('anatomy.at', { bytes: bytes(content.length), at })}</span>
            </dt>
            <dd>
              <code>{hexDump(content, SHOWN)}</code>
              <span>{meaning(name)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
