import type { Receipt } from '../../client/types.js';
import { bytes, counted, duration } from '../format.js';
import { StageBar } from './StageBar.js';

/** What an answer cost: bytes sent, and the time of every stage. */
export function Sent({ receipt: { captures, bytesSent, cloudMs } }: { receipt: Receipt }) {
  const sum = (stage: 'detect' | 'align' | 'encode' | 'pack') =>
    captures.reduce((total, { stageMs }) => total + stageMs[stage], 0);
  const stages = [
    { name: 'Detect', ms: sum('detect') },
    { name: 'Align', ms: sum('align') },
    { name: 'Encode', ms: sum('encode') },
    { name: 'Pack', ms: sum('pack') },
    { name: 'Cloud', ms: cloudMs },
  ];
  return (
    <section className="sent" aria-label="What was sent">
      <p>
        <strong>{bytes(bytesSent)}</strong> in {counted(captures.length, 'message')}
        <span className="sent-total">{duration(stages.reduce((total, { ms }) => total + ms, 0))}</span>
      </p>
      <StageBar stages={stages} />
    </section>
  );
}
