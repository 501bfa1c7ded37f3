import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createSession } from '../client/session.js';
import { BACKENDS } from '../client/types.js';
import { App } from './App.js';
import './styles/index.css';
import { applyTheme } from './theme.js';

applyTheme();

/** `?backend=wasm` tries that one alone: for support, and for tests. */
const wanted = new URLSearchParams(location.search).get('backend');
const backend = BACKENDS.find((name) => name === wanted);

const root = document.getElementById('root');
if (!root) throw new Error('the page has no #root');
createRoot(root).render(
  <StrictMode>
    <App session={createSession({ backend })} />
  </StrictMode>,
);
