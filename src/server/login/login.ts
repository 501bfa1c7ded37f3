import {
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server';
import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import { XnnError } from '../../core/errors.js';
import { template, type Embedding } from '../../core/match.js';
import type { RandomBytes } from '../../core/random.js';
import { CHALLENGE_BYTES, CHALLENGE_LIFETIME, MAX_CAPTURES } from '../../core/spec.js';
import { SUBJECT_PATTERN } from '../../wire/api.js';
import { fromHex, toHex } from '../../wire/hex.js';
import {
  bindingOf,
  interactionPage,
  LOGIN_ROUTES,
  type AccountReply,
  type ClientReply,
  type CodesReply,
  type LocationReply,
  type LoginChallenge,
  type LoginRequest,
  type RegistrationRequest,
  type SessionReply,
} from '../../wire/login.js';
import { KEYED_MESSAGE_BYTES } from '../../wire/message.js';
import { limitBody } from '../body.js';
import type { Compare } from '../compare.js';
import { RECEIPT_BYTES } from '../migrations.js';
import type { OidcProvider } from '../oidc/provider.js';
import type { Recogniser } from '../recogniser.js';
import type { Store, Template } from '../store.js';
import { mustServe, type Tenant } from '../tenants/tenants.js';
import { CHANGES_LIFETIME, SESSION_LIFETIME, subjectOf, type Accounts, type Device, type Session } from './accounts.js';

export interface LoginDependencies {
  readonly store: Store;
  readonly accounts: Accounts;
  /** Of the tenant that the accounts' templates are kept under. */
  readonly recogniser: Recogniser;
  readonly compare: Compare;
  /** "https://login.example.com": of the page that may ask, whose host devices' keys are bound to. */
  readonly origin: string;
  readonly now: () => number;
  readonly random: RandomBytes;
  /** By which other sites have people log in here; none without it. */
  readonly provider?: OidcProvider;
}

/** JSON around base64 of five messages, and a device's answer. */
const MOST_BYTES = Math.ceil((MAX_CAPTURES * KEYED_MESSAGE_BYTES * 4) / 3) + 16_384;
const COOKIE = 'session';
/** An account is shown this many, the newest. */
export const TRAIL_ENTRIES = 1_000;

const device = z.looseObject({ id: z.base64url().min(1).max(1_400), response: z.looseObject({}) });
const challenge = z.string().length(2 * CHALLENGE_BYTES);
const messages = z.base64url();
const schemas = {
  registration: z.strictObject({
    name: z.string().normalize('NFC').regex(SUBJECT_PATTERN),
    challenge,
    messages,
    device,
  }),
  login: z.strictObject({ challenge, messages, device }),
  recovery: z.strictObject({ code: z.string().min(1).max(64) }),
  renewal: z.strictObject({ challenge, messages }),
  addition: z.strictObject({ challenge, device }),
};

interface LoginEnv {
  Bindings: HttpBindings;
  Variables: { session: Session };
}

/**
 * Login by a device's key and a face, which is shown under its owner's own key. Neither is enough: the key signs the message of the face, and the face is asked only when the signature
 * is good, so that nobody can use up another's tries without his device.
 */
export function login(dependencies: LoginDependencies): Hono<LoginEnv> {
  const { store, accounts, recogniser, compare, origin, now, random } = dependencies;
  const { served, threshold } = recogniser;
  const { limiter, audit, keyring } = store;
  const expected = { expectedOrigin: origin, expectedRPID: new URL(origin).hostname, requireUserVerification: true };
  const at = () => new Date(now());

  /** The bytes of a request's messages, and what the device must have signed. Uses up the challenge. @throws challenge_invalid */
  async function bound(request: { challenge: string; messages?: string }) {
    const challenge = fromHex(request.challenge, CHALLENGE_BYTES);
    const body = Uint8Array.from(Buffer.from(request.messages ?? '', 'base64url'));
    if (!(await store.takeChallenge(served.tenant, challenge, at()))) throw new XnnError('challenge_invalid');
    const binding = bindingOf({ challenge, tenant: served.tenant, origin }, body);
    return { challenge, body, expectedChallenge: Buffer.from(binding).toString('base64url') };
  }

  /** @throws tenant_disabled */
  async function serving(): Promise<Tenant> {
    const tenant = await store.tenants.find(served.tenant);
    if (tenant === null) throw new XnnError('tenant_missing');
    mustServe(tenant);
    return tenant;
  }

  /** The faces of messages that were made for this challenge. */
  async function faces(challenge: Uint8Array, body: Uint8Array, most: number): Promise<readonly Embedding[]> {
    if (!(await serving()).modes.includes('keyed')) throw new XnnError('mode_refused', 'keyed');
    const shown = recogniser.read(body, most);
    if (toHex(shown.challenge) !== toHex(challenge)) throw new XnnError('challenge_invalid', 'of another message');
    return shown.embeddings();
  }

  /** @throws login_refused if the answer is not of a device that signed this */
  async function newDevice(answer: unknown, expectedChallenge: string): Promise<Device> {
    const response = answer as RegistrationResponseJSON;
    const result = await verifyRegistrationResponse({ ...expected, response, expectedChallenge }).catch(refused);
    if (!result.verified) throw new XnnError('login_refused', 'attestation');
    const { id, publicKey, counter } = result.registrationInfo.credential;
    return { id, publicKey, counter, createdAt: at(), usedAt: at() };
  }

  function templateOf(account: Uint8Array, captures: readonly Embedding[]): Template {
    const embedding = template(captures, threshold);
    // Nobody has a receipt: who is logged in may delete it.
    return { ...served, subject: subjectOf(account), embedding, receiptHash: random(RECEIPT_BYTES), createdAt: at() };
  }

  async function isFaceOf(account: Uint8Array, seen: Embedding): Promise<boolean> {
    const claim = { seen, subject: subjectOf(account), action: 'login', actor: 'account', at: at() } as const;
    const { keyedThreshold } = await serving();
    return (await compare({ served, threshold: keyedThreshold ?? threshold }, claim)).match;
  }

  async function begin(context: Context, account: Uint8Array, by: Session['by']): Promise<void> {
    const token = await accounts.beginSession(account, by, at());
    setCookie(context, COOKIE, token, {
      prefix: 'host',
      secure: true,
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      maxAge: SESSION_LIFETIME / 1000,
    });
  }

  const guard: MiddlewareHandler = async (context, next) => {
    // Browsers name the page that asks: a request that another page makes somebody send is refused.
    if (context.req.method !== 'GET' && context.req.header('origin') !== origin) throw new XnnError('origin_refused');
    await next();
  };

  async function sessionOf(context: Context): Promise<Session | null> {
    const token = getCookie(context, COOKIE, 'host');
    return token === undefined ? null : await accounts.session(token, at());
  }

  const withSession: MiddlewareHandler<LoginEnv> = async (context, next) => {
    const session = await sessionOf(context);
    if (session === null) throw new XnnError('session_missing');
    context.set('session', session);
    await next();
  };

  /** For what changes factors: who finds a browser logged in has neither device nor face. */
  const lately: MiddlewareHandler<LoginEnv> = async (context, next) => {
    if (now() - context.get('session').begunAt.getTime() > CHANGES_LIFETIME) {
      throw new XnnError('session_missing', 'of a login that is too long ago');
    }
    await next();
  };

  const json = limitBody(MOST_BYTES, 'application/json');
  const app = new Hono<LoginEnv>();
  app.use('/v1/login/*', guard);
  // Before the session is asked for, which may end while they come.
  app.put(LOGIN_ROUTES.template, json);
  app.post(LOGIN_ROUTES.devices, json);
  app.use(LOGIN_ROUTES.account, withSession);
  app.use(`${LOGIN_ROUTES.account}/*`, withSession);

  app.post(LOGIN_ROUTES.challenges, async (context) => {
    const fresh = random(CHALLENGE_BYTES);
    await store.addChallenge(served.tenant, fresh, at(), new Date(now() + CHALLENGE_LIFETIME));
    const reply = { challenge: toHex(fresh), model: toHex(served.model), tenant: toHex(served.tenant) };
    return context.json(reply satisfies LoginChallenge);
  });

  app.post(LOGIN_ROUTES.accounts, json, async (context) => {
    const request = await read(context, schemas.registration);
    const { challenge, body, expectedChallenge } = await bound(request satisfies RegistrationRequest);
    const device = await newDevice(request.device, expectedChallenge);
    // Random, and used once: the challenge names the account from now on.
    const template = templateOf(challenge, await faces(challenge, body, MAX_CAPTURES));
    const codes = await accounts.create(challenge, request.name, device, template);
    await begin(context, challenge, 'face');
    return context.json({ codes } satisfies CodesReply);
  });

  app.post(LOGIN_ROUTES.sessions, json, async (context) => {
    const request = await read(context, schemas.login);
    const { challenge, body, expectedChallenge } = await bound(request satisfies LoginRequest);
    const known = await accounts.findDevice(request.device.id);
    if (known === null) throw new XnnError('login_refused', 'device');
    const { id, publicKey, counter, account } = known;
    const credential = { id, publicKey: Uint8Array.from(publicKey), counter };
    const response = request.device as unknown as AuthenticationResponseJSON;
    const result = await verifyAuthenticationResponse({ ...expected, response, expectedChallenge, credential }).catch(
      refused,
    );
    if (!result.verified) throw new XnnError('login_refused', 'signature');
    await accounts.useDevice(id, result.authenticationInfo.newCounter, at());
    const [seen] = await faces(challenge, body, 1);
    if (seen === undefined || !(await isFaceOf(account, seen))) throw new XnnError('login_refused', 'face');
    await begin(context, account, 'face');
    return context.json({ done: true });
  });

  app.post(LOGIN_ROUTES.recoveries, json, async (context) => {
    const { code } = await read(context, schemas.recovery);
    await serving();
    const account = await accounts.takeCode(code, at());
    if (account === null) throw new XnnError('login_refused', 'code');
    // The other factor: a face that was locked is asked again.
    await limiter.succeed(served.tenant, subjectOf(account));
    await begin(context, account, 'recovery');
    return context.json({ done: true });
  });

  app.get(LOGIN_ROUTES.session, async (context) =>
    context.json({ loggedIn: (await sessionOf(context)) !== null } satisfies SessionReply),
  );

  app.delete(LOGIN_ROUTES.session, async (context) => {
    const token = deleteCookie(context, COOKIE, { prefix: 'host', secure: true, path: '/' });
    if (token !== undefined) await accounts.endSession(token);
    return context.json({ done: true });
  });

  app.get(LOGIN_ROUTES.account, async (context) => {
    const { id: current, account, name, by } = context.get('session');
    const object = keyring.pseudonym(served.tenant, subjectOf(account));
    const devices = (await accounts.devices(account)).map(({ id, createdAt, usedAt }) => ({
      id,
      createdAt: createdAt.toISOString(),
      usedAt: usedAt.toISOString(),
    }));
    const trail = await audit.readBefore(served.tenant, Number.MAX_SAFE_INTEGER, TRAIL_ENTRIES, object);
    const reply: AccountReply = {
      name,
      by,
      hasTemplate: await accounts.hasTemplate(account),
      ...(await accounts.codesLeft(account)),
      devices,
      sessions: (await accounts.sessions(account, at())).map(({ id, by, begunAt }) => ({
        id,
        by,
        begunAt: begunAt.toISOString(),
        current: id === current,
      })),
      trail: trail.map(({ at, action, outcome }) => ({ at, action, outcome })),
    };
    return context.json(reply);
  });

  app.delete(LOGIN_ROUTES.account, lately, async (context) => {
    const { account } = context.get('session');
    await accounts.remove(account, at());
    await limiter.succeed(served.tenant, subjectOf(account));
    deleteCookie(context, COOKIE, { prefix: 'host', secure: true, path: '/' });
    return context.json({ done: true });
  });

  app.put(LOGIN_ROUTES.template, lately, async (context) => {
    const { account } = context.get('session');
    const { challenge, body } = await bound(await read(context, schemas.renewal));
    await accounts.renewTemplate(account, templateOf(account, await faces(challenge, body, MAX_CAPTURES)));
    return context.json({ done: true });
  });

  app.delete(LOGIN_ROUTES.template, lately, async (context) => {
    await accounts.removeTemplate(context.get('session').account, at());
    return context.json({ done: true });
  });

  app.post(LOGIN_ROUTES.codes, lately, async (context) => {
    const codes = await accounts.renewCodes(context.get('session').account, at());
    return context.json({ codes } satisfies CodesReply);
  });

  app.post(LOGIN_ROUTES.devices, lately, async (context) => {
    const request = await read(context, schemas.addition);
    const { expectedChallenge } = await bound(request);
    await accounts.addDevice(context.get('session').account, await newDevice(request.device, expectedChallenge));
    return context.json({ done: true });
  });

  app.delete(LOGIN_ROUTES.device(':id'), lately, async (context) => {
    const removed = await accounts.removeDevice(context.get('session').account, context.req.param('id') ?? '', at());
    if (!removed) throw new XnnError('not_found');
    return context.json({ done: true });
  });

  app.delete(LOGIN_ROUTES.ownSession(':id'), async (context) => {
    const removed = await accounts.removeSession(context.get('session').account, context.req.param('id') ?? '', at());
    if (!removed) throw new XnnError('not_found');
    return context.json({ done: true });
  });

  const { provider } = dependencies;
  if (provider === undefined) return app;
  const [interaction, client] = [LOGIN_ROUTES.interaction(':uid'), LOGIN_ROUTES.interactionClient(':uid')] as const;

  // Where a client's request leads first: the path that the interaction's cookie is bound to.
  app.get(interaction, (context) => context.redirect(interactionPage(context.req.param('uid') ?? ''), 303));

  app.get(client, async (context) => {
    const { name, faceOnly } = await provider.client(context.env, context.req.param('uid') ?? '');
    return context.json({ client: name, faceOnly } satisfies ClientReply);
  });

  app.post(interaction, withSession, async (context) => {
    await serving();
    const location = await provider.accept(context.env, context.req.param('uid') ?? '', context.get('session'));
    return context.json({ location } satisfies LocationReply);
  });

  app.delete(interaction, async (context) => {
    const location = await provider.decline(context.env, context.req.param('uid') ?? '');
    return context.json({ location } satisfies LocationReply);
  });

  return app;
}

async function read<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  const body: unknown = await context.req.json().catch(() => null);
  const result = schema.safeParse(body);
  if (!result.success) throw new XnnError('request_invalid', result.error.issues[0]?.path.join('.'));
  return result.data;
}

/** What SimpleWebAuthn throws says why; a device that lies need not know. */
function refused(cause: unknown): never {
  throw new XnnError('login_refused', 'device', { cause });
}
