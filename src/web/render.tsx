import { StrictMode, startTransition } from 'react';
import { createRoot } from 'react-dom/client';
import type { Session } from '../client/types.js';
import { App } from './App.js';

/**
 * Shows the app in the page's `#root`, drawn in slices between which the browser can answer.
 *
 * @param onShown called when the page itself is there, not only the frame around it
 */
export function render(session: Session, onShown: () => void): void {
  const root = document.getElementById('root');
  if (!root) throw new Error('the page has no #root');
  const app = createRoot(root);
  startTransition(() =>
    app.render(
      <StrictMode>
        <App session={session} onShown={onShown} />
      </StrictMode>,
    ),
  );
}
