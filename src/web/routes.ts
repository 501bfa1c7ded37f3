/** Every page and its path. */
export const PATHS = {
  home: '/',
  enrol: '/enrol',
  verify: '/verify',
  identify: '/identify',
  forget: '/forget',
  ownKey: '/own-key',
  key: '/key',
  login: '/demo/login',
  settings: '/settings',
  admin: '/admin',
  attack: '/attack',
  report: '/report',
} as const;

export type Page = keyof typeof PATHS;

/** The page at a path, with or without a slash at its end; null when there is none. */
export function pageAt(path: string): Page | null {
  const wanted = path.replace(/(?<=.)\/+$/, '');
  return (Object.keys(PATHS) as Page[]).find((page) => PATHS[page] === wanted) ?? null;
}
