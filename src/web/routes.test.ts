import { describe, expect, it } from 'vitest';
import { pageAt, PATHS } from './routes.js';

describe('pageAt', () => {
  it('finds every page by its path', () => {
    for (const [page, path] of Object.entries(PATHS)) expect(pageAt(path)).toBe(page);
  });

  it('takes a slash at the end', () => {
    expect(pageAt('/verify/')).toBe('verify');
  });

  it('knows nothing else', () => {
    for (const path of ['', '/nobody', '/verify/ada', '/Verify', '/toString']) expect(pageAt(path)).toBeNull();
  });
});
