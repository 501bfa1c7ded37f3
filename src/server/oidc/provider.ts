import type { IncomingMessage, ServerResponse } from 'node:http';
import Provider, { errors, interactionPolicy, type Adapter, type ClientMetadata } from 'oidc-provider';
import { XnnError } from '../../core/errors.js';
import { fromHex } from '../../wire/hex.js';
import { LOGIN_ROUTES } from '../../wire/login.js';
import type { LogEntry } from '../app.js';
import { HEADERS } from '../headers.js';
import { openAccounts, subjectOf, type Session } from '../login/accounts.js';
import type { Store } from '../store.js';
import { openClients, type Client } from './clients.js';
import type { ProviderKeys } from './keys.js';
import { modelStore } from './models.js';

export interface ProviderDependencies {
  readonly store: Store;
  readonly keys: ProviderKeys;
  /** Whose accounts these are. */
  readonly tenant: Uint8Array;
  /** The issuer: "https://login.example.com". */
  readonly origin: string;
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
}

/** A request of Node, as oidc-provider takes it. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** An OpenID Connect provider by whose clients people are sent to the login. Who was not sent here by this browser, finds no interaction. */
export interface OidcProvider {
  /** Answers a request of the protocol. */
  answer(exchange: Exchange): Promise<void>;
  /** Who asks. @throws interaction_missing */
  client(exchange: Exchange, uid: string): Promise<Client>;
  /** Goes on with a login. @returns where. @throws interaction_missing, login_insufficient */
  accept(exchange: Exchange, uid: string, session: Session): Promise<string>;
  /** Goes on without one. @returns where. @throws interaction_missing */
  decline(exchange: Exchange, uid: string): Promise<string>;
}

/** The class of a login (acr) is how the session began; its methods (amr) by RFC 8176. */
const METHODS: Readonly<Record<Session['by'], string[]>> = {
  face: ['face', 'hwk', 'mfa'],
  // A code for one use, given beforehand.
  recovery: ['otp'],
};
const CLASSES = Object.keys(METHODS) as Session['by'][];

/** How a client is answered: by an address, or by a form that the browser posts to it, which keeps the code out of addresses. */
const RESPONSE_MODES = ['query', 'form_post'];

const POLICY = 'Content-Security-Policy';

const ACCOUNT_BYTES = 16;
const MINUTE = 60;
/** In s. */
const LIFETIMES = {
  AuthorizationCode: MINUTE,
  Interaction: 10 * MINUTE,
  AccessToken: 10 * MINUTE,
  IdToken: 10 * MINUTE,
  Grant: 15 * MINUTE,
  Session: 15 * MINUTE,
};

export function createProvider(dependencies: ProviderDependencies): OidcProvider {
  const { store, keys, tenant, origin, now, log } = dependencies;
  const { driver, keyring, audit } = store;
  const accounts = openAccounts(driver, keyring, audit, tenant);
  const clients = openClients(driver, keyring, audit, tenant);

  const clientStore: Adapter = {
    ...modelStore(driver, 'Client'),
    find: async (id) => {
      const client = await clients.find(id);
      return client === null ? undefined : metadataOf(client, client.secret);
    },
  };

  const provider = new Provider(origin, {
    adapter: (model) => (model === 'Client' ? clientStore : modelStore(driver, model)),
    jwks: { keys: keys.signing },
    cookies: {
      keys: [...keys.cookies],
      names: { session: 'oidc_session', interaction: 'oidc_interaction', resume: 'oidc_resume' },
      short: { httpOnly: true, sameSite: 'lax' },
      // Asked for nowhere: every authorization begins without a session.
      long: { httpOnly: true, sameSite: 'strict', path: '/oidc/session' },
    },
    routes: { authorization: '/oidc/auth', token: '/oidc/token', userinfo: '/oidc/userinfo', jwks: '/oidc/jwks' },
    scopes: ['openid'],
    claims: { openid: ['sub', 'acr', 'amr', 'auth_time'], profile: ['name'] },
    acrValues: CLASSES,
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic'],
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (_, account, { sectorIdentifier }) =>
      keyring.pseudonym(Buffer.from(`oidc ${String(sectorIdentifier)}`), account),
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
    },
    clientBasedCORS: () => false,
    ttl: LIFETIMES,
    findAccount: async (_, accountId) => {
      const name = await accounts.name(fromHex(accountId, ACCOUNT_BYTES));
      return name === null ? undefined : { accountId, claims: () => ({ sub: accountId, name }) };
    },
    interactions: { policy: loginEachTime(), url: (_, { uid }) => LOGIN_ROUTES.interaction(uid) },
    renderError: (context, { error, error_description }) => {
      context.type = 'text';
      context.body = `${error}: ${String(error_description ?? '')}\n`;
    },
  });
  // Believes what `answer` says of the address, and no proxy.
  provider.proxy = true;
  provider.use(async (context, next) => {
    await next();
    const { path, response } = context;
    // oidc-provider names all modes that it knows.
    if (path === '/.well-known/openid-configuration') {
      response.body = { ...(response.body as object), response_modes_supported: RESPONSE_MODES };
    }
    // Its one page is the form, which goes to a registered address, and so to another site.
    if (response.is('html')) response.set(POLICY, response.get(POLICY).replace(/; ?form-action [^;]*/, ''));
  });
  provider.on('server_error', (_, error) => log({ level: 'error', code: 'oidc_failed', error: error.name }));
  const { protocol, host } = new URL(origin);
  const callback = provider.callback();

  async function interaction({ incoming, outgoing }: Exchange, uid: string) {
    const found = await provider.interactionDetails(incoming, outgoing).catch((cause: unknown) => {
      if (cause instanceof errors.SessionNotFound) return null;
      throw cause;
    });
    const client = found?.uid === uid ? await clients.find(String(found.params['client_id'])) : null;
    if (found === null || client === null) throw new XnnError('interaction_missing');
    return { found, client };
  }

  return {
    async answer({ incoming, outgoing }) {
      incoming.headers['x-forwarded-proto'] = protocol.slice(0, -1);
      incoming.headers['x-forwarded-host'] = host;
      for (const [name, value] of Object.entries(HEADERS)) outgoing.setHeader(name, value);
      await callback(incoming, outgoing);
    },

    client: async (exchange, uid) => (await interaction(exchange, uid)).client,

    async accept(exchange, uid, { account, by, begunAt }) {
      const { found, client } = await interaction(exchange, uid);
      const { acr_values, prompt, max_age, scope } = found.params;
      const age = now() - begunAt.getTime();
      const asked = now() - 1000 * found.iat;
      const tooOld =
        (String(prompt).split(' ').includes('login') && age > asked) ||
        (max_age !== undefined && age > 1000 * Number(max_age));
      if (tooOld || !isEnough(by, acr_values, client.faceOnly)) throw new XnnError('login_insufficient');

      const accountId = subjectOf(account);
      const grant = new provider.Grant({ accountId, clientId: client.id });
      grant.addOIDCScope(String(scope));
      const grantId = await grant.save();
      const ts = Math.floor(begunAt.getTime() / 1000);
      const { incoming, outgoing } = exchange;
      const result = { login: { accountId, acr: by, amr: METHODS[by], ts }, consent: { grantId } };
      const location = await provider.interactionResult(incoming, outgoing, result);
      await audit.append({
        tenant,
        actor: client.id,
        at: new Date(now()),
        action: 'authorize',
        object: keyring.pseudonym(tenant, accountId),
        outcome: 'done',
      });
      return location;
    },

    async decline(exchange, uid) {
      await interaction(exchange, uid);
      const { incoming, outgoing } = exchange;
      return provider.interactionResult(incoming, outgoing, { error: 'access_denied' });
    },
  };
}

/** A client as oidc-provider knows it. Face only is its default_acr_values, which the policy makes more of than a default. */
function metadataOf({ id, name, redirectUris, faceOnly }: Client, secret: string): ClientMetadata {
  return {
    client_id: id,
    client_secret: secret,
    client_name: name,
    redirect_uris: redirectUris,
    grant_types: ['authorization_code'],
    response_types: ['code'],
    response_modes: RESPONSE_MODES,
    subject_type: 'pairwise',
    ...(faceOnly && { default_acr_values: ['face'] }),
  };
}

/** Whether a login is of a class that request and client ask for. */
function isEnough(by: string | undefined, acrValues: unknown, faceOnly: boolean): boolean {
  const asked = typeof acrValues !== 'string' || acrValues.split(' ').includes(by ?? '');
  return asked && (by === 'face' || !faceOnly);
}

/** Every authorization asks for a login, of the class that was asked for. To the standard acr_values is a wish; here it is a condition. */
function loginEachTime(): interactionPolicy.DefaultPolicy {
  const { base, Check } = interactionPolicy;
  const policy = base();
  const check = new Check('login_each_time', 'End-User authentication is required', 'login_required', ({ oidc }) => {
    const faceOnly = oidc.client?.defaultAcrValues !== undefined;
    const enough = (by: string) => isEnough(by, oidc.params?.['acr_values'], faceOnly);
    if (!CLASSES.some(enough)) throw new errors.UnmetAuthenticationRequirements('no such acr can be had');
    return oidc.result?.login === undefined || !enough(oidc.acr);
  });
  policy.get('login')?.checks.add(check);
  return policy;
}
