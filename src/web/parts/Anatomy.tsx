import type { Field, Mode } from '../../client/reveal.js';
import { bytes, hexDump } from '../format.js';

/** Bytes of a long field that are shown. */
const SHOWN = 16;

const MEANINGS: Record<Field['name'], string | Record<Mode, string>> = {
  magic: '“XNNF”, so that the cloud knows what it reads',
  format: 'version of this layout',
  mode: {
    'xnn-d': 'kind of protection: XNN-d',
    xnn: 'kind of protection: XNN, under the key of a network',
    keyed: 'kind of protection: your own key',
  },
  reserved: 'empty, for later',
  model: 'version of the networks',
  tenant: 'whose gallery is asked',
  challenge: 'random number from the cloud, good for one request',
  scales: {
    'xnn-d': '128 factors, one a channel: value = step × factor',
    xnn: '49 factors, one a token: value = step × factor',
    keyed: 'none',
  },
  steps: {
    'xnn-d': '14 × 14 × 128 features with noise, a byte each',
    xnn: '49 tokens of 512 features under the key, a byte each',
    keyed: '128 numbers, the direction of your face under your key, a byte each',
  },
};

/** The message from its first byte to its last, every field named. */
export function Anatomy({ fields, mode }: { fields: readonly Field[]; mode: Mode }) {
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
              <span>{meaning(name, mode)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function meaning(name: Field['name'], mode: Mode): string {
  const words = MEANINGS[name];
  return typeof words === 'string' ? words : words[mode];
}
