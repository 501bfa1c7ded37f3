import type { ComponentType } from 'react';
import type { Page } from './routes.js';

/** Each page is a download of its own. Admin's is not even kept for offline (vite.config.ts). */
export const PAGES: Record<Page, () => Promise<{ default: ComponentType }>> = {
  home: async () => ({ default: (await import('./pages/Home.js')).Home }),
  enrol: async () => ({ default: (await import('./pages/Enrol.js')).Enrol }),
  verify: async () => ({ default: (await import('./pages/Verify.js')).Verify }),
  identify: async () => ({ default: (await import('./pages/Identify.js')).Identify }),
  forget: async () => ({ default: (await import('./pages/Forget.js')).Forget }),
  ownKey: async () => ({ default: (await import('./pages/OwnKey.js')).OwnKey }),
  key: async () => ({ default: (await import('./pages/Key.js')).Key }),
  login: async () => ({ default: (await import('./pages/DemoLogin.js')).DemoLogin }),
  settings: async () => ({ default: (await import('./pages/Settings.js')).Settings }),
  admin: async () => ({ default: (await import('./pages/Admin.js')).Admin }),
  attack: async () => ({ default: (await import('./pages/Attack.js')).Attack }),
  report: async () => ({ default: (await import('./pages/Report.js')).Report }),
};

/** What most visitors open next. */
const NEXT = ['home', 'enrol', 'verify', 'identify', 'forget', 'ownKey', 'key'] as const satisfies readonly Page[];

/** Asks for a page's download. Never rejects: whoever shows the page asks again if it fails. */
export async function fetchPage(page: Page): Promise<void> {
  await PAGES[page]().catch(() => {});
}

/** The same for all that is likely to be next, so that it is there without a network, too; one after another, in tasks of their own. */
export async function fetchNext(): Promise<void> {
  await import('./parts/LaidOpen.js').catch(() => {});
  for (const page of NEXT) await fetchPage(page);
}
