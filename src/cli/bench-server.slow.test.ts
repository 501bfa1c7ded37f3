import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('bench-server.ts', import.meta.url));

it('npm run bench:server measures verifications of a server', async () => {
  const args = ['--seconds', '0.3', '--clients', '2', '--crowd', '4'];
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', PROGRAM, ...args], {
    env: { ...process.env, DATABASE_URL: '' },
  });
  const measured = JSON.parse(stdout) as Record<string, number>;
  expect(measured['verificationsPerSecond']).toBeGreaterThan(0);
  expect(measured['crowd']).toMatchObject({ afterwards: 200 });
});
