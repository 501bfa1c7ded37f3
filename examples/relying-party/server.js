// A site that has people log in by passkey and face. It shows what it is told of them.
//
//   npx xnn admin client create --name Example --redirect-uri http://localhost:3000/callback
//   npm install && ISSUER=http://localhost:8080 CLIENT_ID=… CLIENT_SECRET=… npm start

import { createServer } from 'node:http';
import * as oidc from 'openid-client';

const PORT = 3000;
const REDIRECT_URI = `http://localhost:${PORT}/callback`;
const { ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env;

const issuer = new URL(ISSUER);
const config = await oidc.discovery(issuer, CLIENT_ID, undefined, oidc.ClientSecretBasic(CLIENT_SECRET), {
  execute: issuer.hostname === 'localhost' ? [oidc.allowInsecureRequests] : [],
});

/** Logins that were begun, by state. A real site keeps them in the browser's session, and forgets them after some minutes. */
const begun = new Map();

async function begin() {
  const [pkceCodeVerifier, expectedState, expectedNonce] = [
    oidc.randomPKCECodeVerifier(),
    oidc.randomState(),
    oidc.randomNonce(),
  ];
  begun.set(expectedState, { pkceCodeVerifier, expectedState, expectedNonce });
  return oidc.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile',
    acr_values: 'face',
    prompt: 'login',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  });
}

async function finish(url) {
  const checks = begun.get(url.searchParams.get('state'));
  if (!checks) throw new Error('this login was not begun here');
  begun.delete(checks.expectedState);
  const tokens = await oidc.authorizationCodeGrant(config, url, checks);
  const claims = tokens.claims();
  // What was asked for is checked where it matters.
  if (claims.acr !== 'face') throw new Error('not logged in by passkey and face');
  return { claims, userinfo: await oidc.fetchUserInfo(config, tokens.access_token, claims.sub) };
}

createServer(async (request, response) => {
  try {
    const url = new URL(request.url, REDIRECT_URI);
    if (url.pathname === '/favicon.ico') return response.writeHead(404).end();
    if (url.pathname === '/callback') return response.end(JSON.stringify(await finish(url), null, 2));
    response.writeHead(303, { Location: (await begin()).href }).end();
  } catch (error) {
    response.writeHead(400).end(`${error.message}\n`);
  }
}).listen(PORT, () => console.log(`http://localhost:${PORT}`));
