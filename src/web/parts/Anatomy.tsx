import type { Field } from '../../client/reveal.js';
import { bytes, hexDump } from '../format.js';

/** Bytes of a long field that are shown. */
const SHOWN = 16;

const MEANINGS: Record<Field['name'], string> = {
  magic: '“XNNF”, so that the cloud knows what it reads',
  format: 'version of this layout',
  mode: 'kind of protection: XNN-d',
  reserved: 'empty, for later',
  model: 'version of the networks',
  tenant: 'whose gallery is asked',
  challenge: 'random number from the cloud, good for one request',
  scales: '128 factors, one a channel: value = step × factor',
  steps: '14 × 14 × 128 features with noise, a byte each',
};

/** The message from its first byte to its last, every field named. */
export function Anatomy({ fields }: { fields: readonly Field[] }) {
  return (
    <div className="anatomy">
      <h3>The message, byte by byte</h3>
      <dl>
        {fields.map(({ name, at, bytes: content }) => (
          <div key={name}>
            <dt>
              {name}
              <span>
                {bytes(content.length)} at {at}
              </span>
            </dt>
            <dd>
              <code>{hexDump(content, SHOWN)}</code>
              <span>{MEANINGS[name]}</span>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
