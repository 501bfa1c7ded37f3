import { lazy, memo, Suspense, useDeferredValue } from 'react';
import type { Capture } from '../../client/types.js';
import { PartFailed } from './PageBoundary.js';

// Nobody needs it before something was sent. If it does not arrive, the answer stands.
const LaidOpen = lazy(() =>
  import('./LaidOpen.js').then(({ LaidOpen }) => ({ default: LaidOpen })).catch(() => ({ default: PartFailed })),
);

const NOTHING: readonly Capture[] = [];

/** `LaidOpen`, after what is more urgent: decoding and drawing have a render of their own, so that the answer never waits for them. */
export const Reveal = memo(function Reveal({ captures }: { captures: readonly Capture[] }) {
  return (
    <Suspense fallback={null}>
      <LaidOpen captures={useDeferredValue(captures, NOTHING)} />
    </Suspense>
  );
});
