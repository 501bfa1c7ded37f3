import { createSession } from '../client/session.js';
import { BACKENDS } from '../client/types.js';
import { applyLanguage } from './language.js';
import { keepForOffline } from './offline.js';
import { fetchNext, fetchPage } from './pages.js';
import { pageAt } from './routes.js';
import { getSettings, onSettings } from './settings.js';
import { applyTheme } from './theme.js';

/** Ends the task, so that each step of the start has one of its own: together they would keep the browser from answering. */
const nextTask = () => new Promise((resolve) => setTimeout(resolve));

const page = pageAt(location.pathname);
if (page !== null) void fetchPage(page);

const { backend } = getSettings();
const speaking = applyLanguage();
onSettings(() => {
  applyTheme();
  void applyLanguage();
});
await nextTask();

/** Beside its place a dropped file would be opened instead of the page, and all that was filled in would be gone. */
for (const type of ['dragover', 'drop'] as const)
  addEventListener(type, (event) => {
    const takesFiles = event.target instanceof HTMLInputElement && event.target.type === 'file';
    if (event.dataTransfer?.types.includes('Files') && !takesFiles) event.preventDefault();
  });

/** `?backend=wasm` tries that one alone: for support, and for tests. */
const wanted = new URLSearchParams(location.search).get('backend') ?? backend;
/** It takes all cores: the page comes first. */
let pageIsShown = (): void => {};
const after = new Promise<void>((resolve) => (pageIsShown = resolve));
const session = createSession({
  after,
  backend: BACKENDS.find((name) => name === wanted),
  secretOfPasskey: async (which) => {
    const { newPasskeySecret, passkeySecret } = await import('../client/passkey.js');
    return (which === 'new' ? newPasskeySecret : passkeySecret)(location.hostname);
  },
});
// Not before it has started: these downloads would take the cores and the line from those that the first visit waits for.
const stop = session.subscribe(() => {
  if (session.getState().status === 'starting') return;
  stop();
  void nextTask().then(() => {
    keepForOffline();
    return fetchNext();
  });
});

// On its way since first.ts.
const { render } = await import('./render.js');
await speaking;
await nextTask();
render(session, pageIsShown);
