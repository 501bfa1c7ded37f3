import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { onlyWith } from './browser.js';

test('who has no pass gets no picture and hands in no result', async () => {
  const app = new Hono().use(onlyWith('secret')).all('*', (context) => context.text('a picture'));
  const ask = (method: string, cookie?: string) =>
    app.request('/images/0', { method, ...(cookie !== undefined && { headers: { Cookie: cookie } }) });
  for (const method of ['GET', 'POST']) {
    for (const cookie of [undefined, '', 'pass=', 'pass=other', 'other=secret']) {
      const refused = await ask(method, cookie);
      expect(refused.status).toBe(403);
      expect(await refused.text()).toBe('');
    }
    expect((await ask(method, 'pass=secret')).status).toBe(200);
  }
});
