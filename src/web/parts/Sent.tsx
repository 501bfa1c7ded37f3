import type { Receipt } from '../../client/types.js';
import { Trans } from 'react-i18next';
import { StageBar } from './StageBar.js';
import { useTexts } from '../useTexts.js';

/** What an answer cost: bytes sent, and the time of every stage. */
export function Sent({ receipt: { captures, bytesSent, cloudMs } }: { receipt: Receipt }) {
  const { t, bytes, duration } = useTexts();
  const sum = (stage: 'detect' | 'align' | 'encode' | 'pack') =>
    captures.reduce((total, { stageMs }) => total + stageMs[stage], 0);
  const stages = [
    { name: t('sent.detect'), ms: sum('detect') },
    { name: t('sent.align'), ms: sum('align') },
    { name: t('sent.encode'), ms: sum('encode') },
    { name: t('sent.pack'), ms: sum('pack') },
    { name: t('sent.cloud'), ms: cloudMs },
  ];
  return (
    <section className="sent" aria-label={t('sent.name')}>
      <p>
        <Trans
          i18nKey="sent.sum"
          count={captures.length}
          values={{ bytes: bytes(bytesSent) }}
          components={{ strong: <strong /> }}
        />
        <span className="sent-total">{duration(stages.reduce((total, { ms }) => total + ms, 0))}</span>
      </p>
      <StageBar stages={stages} />
    </section>
  );
}
