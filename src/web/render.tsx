import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { Session } from '../client/types.js';
import { App } from './App.js';

/** Shows the app in the page's `#root`. */
export function render(session: Session): void {
  const root = document.getElementById('root');
  if (!root) throw new Error('the page has no #root');
  createRoot(root).render(
    <StrictMode>
      <App session={session} />
    </StrictMode>,
  );
}
