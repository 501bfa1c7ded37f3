import type { ErrorCode } from '../../client/messages.js';
import { Button } from './Button.js';
import { Icon } from './Icon.js';
import { useTexts } from '../useTexts.js';

/** What keeps the app or a page of it from running, in words and as a code, and what can be done. */
export function FailureBanner({ error, act, onAct }: { error: ErrorCode; act: string; onAct: () => void }) {
  const { sentence } = useTexts();
  return (
    <div className="alert alert-warning banner">
      <Icon name="warning" />
      <p>
        {sentence(error)} <code>{error}</code>
      </p>
      <Button icon="retry" onPress={onAct}>
        {act}
      </Button>
    </div>
  );
}
