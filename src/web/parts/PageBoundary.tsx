import { Component, type ReactNode } from 'react';
import { FailureBanner } from './FailureBanner.js';
import { useOnline } from '../useOnline.js';
import { useTexts } from '../useTexts.js';

interface Props {
  /** What is drawn; another one is tried anew. */
  readonly page: unknown;
  readonly children: ReactNode;
}

interface State {
  readonly page: unknown;
  readonly failed: boolean;
}

/** Where a page did not arrive, or failed while it was drawn, says so in its place; the frame around it stays. */
export class PageBoundary extends Component<Props, State> {
  override readonly state: State = { page: this.props.page, failed: false };

  static getDerivedStateFromProps({ page }: Props, state: State): State | null {
    return page === state.page ? null : { page, failed: false };
  }

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? <PageFailed /> : this.props.children;
  }
}

function PageFailed() {
  return (
    <main id="main" tabIndex={-1}>
      <PartFailed />
    </main>
  );
}

/** In place of what did not arrive. */
export function PartFailed() {
  const { t } = useTexts();
  const online = useOnline();
  return (
    <div role="alert">
      <FailureBanner
        error={online ? 'page_failed' : 'server_away'}
        act={t('frame.reload')}
        onAct={() => location.reload()}
      />
    </div>
  );
}
