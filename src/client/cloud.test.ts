import { describe, expect, it } from 'vitest';
import { connectCloud, type Cloud } from './cloud.js';

const RECEIPT = 'ab'.repeat(32);
const MESSAGE = Uint8Array.of(1, 2, 3);

/** A cloud that always answers the same, and what it was asked. */
function answering(status: number, body: unknown) {
  const requests: { url: string; init: RequestInit }[] = [];
  const cloud = connectCloud('https://cloud.test', (url, init = {}) => {
    requests.push({ url, init });
    return Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }));
  });
  return { cloud, requests };
}

const CALLS: readonly [string, unknown, (cloud: Cloud) => Promise<unknown>][] = [
  [
    'service',
    { model: '0123456789abcdef', keyedModel: 'fedcba9876543210', tenant: '00'.repeat(16) },
    (cloud) => cloud.service(),
  ],
  ['challenge', { challenge: 'cd'.repeat(16), expiresIn: 180_000 }, (cloud) => cloud.challenge()],
  ['enrol', { subject: 'Ada', receipt: RECEIPT }, (cloud) => cloud.enrol('Ada', MESSAGE)],
  ['verify', { verdict: 'no_match' }, (cloud) => cloud.verify('Ada', MESSAGE)],
  ['identify', { verdict: 'match', subject: 'Ada' }, (cloud) => cloud.identify(MESSAGE)],
  ['identify', { verdict: 'no_match' }, (cloud) => cloud.identify(MESSAGE)],
  ['remove', { removed: true }, (cloud) => cloud.remove('Ada', RECEIPT)],
];

describe.each(CALLS)('%s %j', (_, reply, call) => {
  it('gives the reply', async () => {
    expect(await call(answering(200, reply).cloud)).toEqual(reply);
  });

  it.each([
    ['HTML', 200, '<!doctype html>'],
    ['nothing', 200, ''],
    ['null', 200, null],
    ['another shape', 200, { verdict: 'perhaps', subject: 1, removed: false, model: 'x', challenge: 'y' }],
    ['an error without a code', 500, { error: 'broken' }],
    ['an unknown code', 418, { error: { code: 'teapot', message: '' } }],
    ['a reply with a status of refusal', 500, reply],
  ])('does not understand %s', async (__, status, body) => {
    await expect(call(answering(status, body).cloud)).rejects.toMatchObject({ code: 'reply_invalid' });
  });

  it('passes on the code of a refusal', async () => {
    const refusal = { error: { code: 'challenge_invalid', message: 'The challenge is unknown.' } };
    await expect(call(answering(409, refusal).cloud)).rejects.toMatchObject({ code: 'challenge_invalid' });
  });

  it('knows when nobody is there', async () => {
    const cloud = connectCloud('', () => Promise.reject(new TypeError('Failed to fetch')));
    await expect(call(cloud)).rejects.toMatchObject({ code: 'server_away' });
  });
});

describe('requests', () => {
  it('sends messages as they are, and names encoded', async () => {
    const { cloud, requests } = answering(200, { verdict: 'match' });
    await cloud.verify('Zoë B', MESSAGE);
    const [{ url, init }] = requests as [(typeof requests)[0]];
    expect(url).toBe('https://cloud.test/v1/subjects/Zo%C3%AB%20B/verification');
    expect(init).toMatchObject({
      method: 'POST',
      body: MESSAGE,
      headers: { 'content-type': 'application/octet-stream' },
    });
  });

  it('sends a receipt as JSON and a face as a message', async () => {
    const { cloud, requests } = answering(200, { removed: true });
    await cloud.remove('Ada', RECEIPT);
    await cloud.remove('Ada', MESSAGE);
    expect(requests.map(({ init }) => init.body)).toEqual([JSON.stringify({ receipt: RECEIPT }), MESSAGE]);
  });

  it('does not take the enrolment of another name', async () => {
    const { cloud } = answering(200, { subject: 'Eve', receipt: RECEIPT });
    await expect(cloud.enrol('Ada', MESSAGE)).rejects.toMatchObject({ code: 'reply_invalid' });
  });
});
