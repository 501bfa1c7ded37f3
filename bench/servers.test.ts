import { afterEach, expect, test, vi } from 'vitest';
import { serveProduct } from './servers.js';

afterEach(() => vi.unstubAllEnvs());

test('a server that does not start is an error that says why, and no silence', async () => {
  vi.stubEnv('PORT', undefined);
  vi.stubEnv('MASTER_KEY', 'no key');
  await expect(serveProduct()).rejects.toThrow('MASTER_KEY must hold');
});
