import { timingSafeEqual } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { routePath } from 'hono/route';
import { httpStatus, sentence, XnnError, type ErrorCode } from '../core/errors.js';
import { similarity, template, type Embedding } from '../core/match.js';
import type { RandomBytes } from '../core/random.js';
import { CHALLENGE_BYTES, CHALLENGE_LIFETIME, MAX_CAPTURES, TENANT_BYTES } from '../core/spec.js';
import type { Served, Student } from '../protocol/recognise.js';
import type { ErrorReply } from '../wire/api.js';
import { fromHex, toHex } from '../wire/hex.js';
import { isKeyed, modeOf, tenantOf, type Mode } from '../wire/message.js';
import { openComparisons, type Comparison } from './compare.js';
import { deploymentApp, type DeploymentAppParts } from './deployments/app.js';
import { docs } from './docs.js';
import { securityHeaders } from './headers.js';
import { allowOrigins } from './origins.js';
import { RECEIPT_BYTES } from './migrations.js';
import {
  challengeRoute,
  enrolmentRoute,
  healthRoute,
  identificationRoute,
  readinessRoute,
  removalRoute,
  serviceRoute,
  verificationRoute,
} from './routes.js';
import { keyedRecogniser, studentRecogniser, type Recogniser } from './recogniser.js';
import { files } from './files.js';
import { databaseTrouble } from './drivers.js';
import { admission } from './limits/admission.js';
import type { KeyedModel } from './models.js';
import type { Rates } from './limits/limiter.js';
import { openAccounts } from './login/accounts.js';
import { login } from './login/login.js';
import type { OidcProvider } from './oidc/provider.js';
import { openClients } from './oidc/clients.js';
import { oidcApp } from './oidc/routes.js';
import type { Observed } from './operations/metrics.js';
import { sha256 } from './sha256.js';
import type { Store } from './store.js';
import { trainingApp, type TrainingParts } from './training/app.js';
import { administer, administerClients } from './tenants/admin.js';
import { authenticate, type Env } from './tenants/authenticate.js';
import { scoreRoute } from './tenants/routes.js';
import type { Principal, Tenant } from './tenants/tenants.js';

/** A line of the log. Never holds a body, a name, a token or a feature. */
export type LogEntry = Readonly<Record<string, string | number>>;

export interface AppDependencies {
  readonly store: Store;
  readonly student: Student;
  /** The model, and the tenant whose requests those without a key are as long as it is public. */
  readonly served: Served;
  /** Cosine from which two faces are one person, unless their tenant has its own. */
  readonly threshold: number;
  /** What the student makes of features without a face: whoever is as like it as one person is to himself has shown none. */
  readonly nobody?: Embedding | null;
  readonly keyed: KeyedModel;
  /** In ms since 1970. */
  readonly now: () => number;
  readonly random: RandomBytes;
  readonly log: (entry: LogEntry) => void;
  readonly rates: Rates;
  /** Where a request comes from; "" if that is not known. */
  readonly addressOf: (context: Context) => string;
  /** Told of every request that was answered. */
  readonly observe?: (request: Observed) => void;
  /** The login of one's own page; none without it. */
  readonly login?: { readonly tenant: Uint8Array; readonly origin: string; readonly provider?: OidcProvider };
  /** Other sites whose pages may ask for what <xnn-face-login> needs; none without it. */
  readonly allowedOrigins?: readonly string[];
  /** Folder of the built app; without one, only the API is served. */
  readonly staticFiles?: string;
  /** Trains networks on protected features; without it, none. */
  readonly training?: Pick<TrainingParts, 'queue' | 'rows'>;
  /** Serves such networks; without it, none. */
  readonly deployments?: Pick<DeploymentAppParts, 'deployments' | 'rows'>;
}

/** What was seen, and by what. */
interface Recognised<Seen> {
  readonly recogniser: Recogniser;
  readonly seen: Seen;
}

/** What a face is shown for. */
type Purpose = 'enrol' | 'verify' | 'score' | 'identify' | 'remove';

/** The cloud: Request to Response. Replies are verdicts, never scores. */
export function createApp(dependencies: AppDependencies): OpenAPIHono<Env> {
  const {
    store,
    student,
    served,
    nobody = null,
    keyed,
    now,
    random,
    log,
    rates,
    addressOf,
    staticFiles,
    training,
    deployments,
  } = dependencies;
  const { audit, limiter, keyring } = store;
  const compare = openComparisons(store, random);

  /** The network that the public tenant has deployed for a gallery, if it has. */
  async function deployedAt({ tenant }: Principal, gallery: Uint8Array): Promise<Recogniser | null> {
    const [own, named] = [toHex(tenant.id), toHex(gallery)];
    if (own !== toHex(served.tenant) || named === own) return null;
    return (await deployments?.deployments.find(gallery)) ?? null;
  }

  /** What answers for a gallery: a network that was deployed there, or the tenant's own. */
  async function recogniserOf(by: Principal, gallery: Uint8Array, underKey: boolean): Promise<Recogniser> {
    const deployed = await deployedAt(by, gallery);
    if (deployed) return deployed;
    const { tenant } = by;
    if (underKey) {
      return keyedRecogniser({ model: keyed.model, tenant: tenant.id }, tenant.keyedThreshold ?? keyed.threshold);
    }
    const own = { model: served.model, tenant: tenant.id };
    const showsNobody = (seen: Embedding) => nobody !== null && similarity(seen, nobody) >= dependencies.threshold;
    return studentRecogniser(student, own, tenant.threshold ?? dependencies.threshold, showsNobody);
  }

  /** The faces of a request's messages, which use up their challenge. A message that is refused before leaves it as it was. */
  async function faces(
    by: Principal,
    purpose: Purpose,
    body: ArrayBuffer,
    most: number,
  ): Promise<Recognised<readonly Embedding[]>> {
    const bytes = new Uint8Array(body);
    const recogniser = await recogniserOf(by, tenantOf(bytes), isKeyed(bytes));
    const { challenge, embeddings } = recogniser.read(bytes, most);
    checkMode(modeOf(bytes), by.tenant, purpose);
    const taken = await store.takeChallenge(by.tenant.id, challenge, new Date(now()));
    if (!taken) throw new XnnError('challenge_invalid');
    return { recogniser, seen: await embeddings() };
  }

  async function face(by: Principal, purpose: Purpose, body: ArrayBuffer): Promise<Recognised<Embedding>> {
    const { recogniser, seen } = await faces(by, purpose, body, 1);
    const [only] = seen;
    if (only === undefined) throw new XnnError('model_invalid', 'the student gave no embedding');
    return { recogniser, seen: only };
  }

  async function claim(
    by: Principal,
    purpose: 'verify' | 'score' | 'remove',
    body: ArrayBuffer,
    subject: string,
  ): Promise<Comparison> {
    const { recogniser, seen } = await face(by, purpose, body);
    const action = purpose === 'score' ? 'score' : 'verify';
    return compare(recogniser, { seen, subject, action, actor: by.actor, at: new Date(now()) });
  }

  const app = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw new XnnError(result.target === 'param' ? 'subject_invalid' : 'request_invalid');
    },
  });
  app.use(async (context, next) => {
    const begun = performance.now();
    await next();
    const { method } = context.req;
    dependencies.observe?.({
      method,
      route: routePath(context),
      status: context.res.status,
      ms: performance.now() - begun,
    });
  });
  app.use(securityHeaders);
  allowOrigins(app, dependencies.allowedOrigins ?? []);
  app.onError((error, context) => refuse(error, context, log));
  app.notFound((context) => refuse(new XnnError('not_found'), context, log));

  app.openapi(healthRoute, (context) => context.json({ status: 'ok' } as const, 200));
  app.openapi(readinessRoute, async (context) => {
    await store.check();
    return context.json({ status: 'ready' } as const, 200);
  });
  const admit = admission({ limiter, rates, addressOf });
  app.use('/v1/*', admit());

  if (dependencies.login !== undefined) {
    const { tenant, origin, provider } = dependencies.login;
    const accounts = openAccounts(store.driver, keyring, audit, tenant);
    const recogniser = keyedRecogniser({ model: keyed.model, tenant }, keyed.threshold);
    app.route('/', login({ ...dependencies, accounts, recogniser, compare, origin, ...(provider && { provider }) }));
    if (provider !== undefined) app.route('/', oidcApp({ provider, admit }));
  }
  // Each job and deployment has a token of its own, which no API key is.
  if (training !== undefined) app.route('/', trainingApp({ ...training, served, random }));
  if (deployments !== undefined) app.route('/', deploymentApp({ ...deployments, served, random }));
  app.use('/v1/*', authenticate({ ...store, rates, now, publicTenant: served.tenant }));

  app.openapi(serviceRoute, (context) => {
    const { tenant } = context.get('principal');
    return context.json({ model: toHex(served.model), keyedModel: toHex(keyed.model), tenant: toHex(tenant.id) }, 200);
  });

  app.openapi(challengeRoute, async (context) => {
    const challenge = random(CHALLENGE_BYTES);
    const at = now();
    await store.addChallenge(
      context.get('principal').tenant.id,
      challenge,
      new Date(at),
      new Date(at + CHALLENGE_LIFETIME),
    );
    return context.json({ challenge: toHex(challenge), expiresIn: CHALLENGE_LIFETIME }, 200);
  });

  app.openapi(enrolmentRoute, async (context) => {
    const { subject } = context.req.valid('param');
    const by = context.get('principal');
    const { recogniser, seen } = await faces(by, 'enrol', await context.req.arrayBuffer(), MAX_CAPTURES);
    const embedding = template(seen, recogniser.threshold);
    const receipt = random(RECEIPT_BYTES);
    const entry = {
      ...recogniser.served,
      subject,
      embedding,
      receiptHash: sha256(receipt),
      createdAt: new Date(now()),
    };
    if (!(await store.addTemplate(entry, by.actor))) throw new XnnError('subject_exists');
    const gallery = recogniser.served.tenant;
    if (toHex(gallery) !== toHex(by.tenant.id) && (await deployedAt(by, gallery)) === null) {
      // It was deleted meanwhile, with everybody in it.
      await store.removeGallery(gallery);
      throw new XnnError('tenant_unknown');
    }
    return context.json({ subject, receipt: toHex(receipt) }, 200);
  });

  app.openapi(verificationRoute, async (context) => {
    const { subject } = context.req.valid('param');
    const { match } = await claim(context.get('principal'), 'verify', await context.req.arrayBuffer(), subject);
    return context.json({ verdict: match ? ('match' as const) : ('no_match' as const) }, 200);
  });

  app.openapi(scoreRoute, async (context) => {
    const { subject } = context.req.valid('param');
    const body = await context.req.arrayBuffer();
    const { match, score } = await claim(context.get('principal'), 'score', body, subject);
    return context.json({ verdict: match ? ('match' as const) : ('no_match' as const), score }, 200);
  });

  app.openapi(identificationRoute, async (context) => {
    const by = context.get('principal');
    const { recogniser, seen } = await face(by, 'identify', await context.req.arrayBuffer());
    const { tenant } = recogniser.served;
    const nearest = await store.nearest(recogniser.served, seen);
    const near = nearest !== null && similarity(seen, nearest.embedding) >= recogniser.threshold;
    const found = near ? nearest.subject : null;
    const object = found === null ? null : keyring.pseudonym(tenant, found);
    const outcome = near ? 'match' : 'no_match';
    await audit.append({ tenant, actor: by.actor, at: new Date(now()), action: 'identify', object, outcome });
    if (found === null) return context.json({ verdict: 'no_match' } as const, 200);
    return context.json({ verdict: 'match', subject: found } as const, 200);
  });

  app.openapi(removalRoute, async (context) => {
    const { subject } = context.req.valid('param');
    const request = context.req.valid('json');
    const by = context.get('principal');
    const { gallery, receiptHash } =
      'receipt' in request ? await byReceipt(by, subject, request) : await byFace(context, subject);
    // By what was found, so that a subject who was removed and enrolled anew in between stays.
    const removed = await store.removeSubject(gallery, subject, receiptHash, { actor: by.actor, at: new Date(now()) });
    if (!removed) throw new XnnError('removal_refused');
    // Who proves that a subject is his own and deletes it may enrol it again.
    await limiter.succeed(gallery, subject);
    return context.json({ removed: true } as const, 200);
  });

  type Proof = Pick<Comparison, 'gallery' | 'receiptHash'>;

  /** @returns where the subject is and the hash of its receipt, if the receipt is the subject's. @throws removal_refused */
  async function byReceipt(
    by: Principal,
    subject: string,
    shown: { receipt: string; tenant?: string },
  ): Promise<Proof> {
    const named = shown.tenant === undefined ? by.tenant.id : fromHex(shown.tenant, TENANT_BYTES);
    const gallery = (await deployedAt(by, named))?.served.tenant ?? by.tenant.id;
    const stored = await store.findReceipt(gallery, subject, random(RECEIPT_BYTES));
    if (!timingSafeEqual(sha256(fromHex(shown.receipt, RECEIPT_BYTES)), stored)) throw new XnnError('removal_refused');
    return { gallery, receiptHash: stored };
  }

  /** @returns where the subject is and the hash of its receipt, if the message shows his face. @throws removal_refused */
  async function byFace(context: Context<Env>, subject: string): Promise<Proof> {
    const body = await context.req.arrayBuffer();
    const { match, ...proof } = await claim(context.get('principal'), 'remove', body, subject);
    if (!match) throw new XnnError('removal_refused');
    return proof;
  }

  const modes = [
    ['xnn-d', served.model],
    ['keyed', keyed.model],
  ] as const;
  const named = (model: Uint8Array) => modes.find(([, other]) => toHex(other) === toHex(model))?.[0] ?? null;
  administer(app, { store, now, modeOf: named });
  if (dependencies.login !== undefined) {
    administerClients(app, openClients(store.driver, keyring, audit, dependencies.login.tenant), now);
  }

  app.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' });
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  // Made once: that takes longer than anything else that anybody may ask for.
  let document: string | null = null;
  app.get('/openapi.json', (context) => {
    document ??= JSON.stringify(
      app.getOpenAPI31Document({
        openapi: '3.1.0',
        info: {
          title: 'XNN face verification',
          version: '1',
          description:
            'Verifies faces from perturbed features. Takes no pictures, and answers with verdicts, never scores.',
          license: { name: 'MIT' },
        },
        security: [{}, { key: [] }],
      }),
    );
    return context.body(document, 200, { 'Content-Type': 'application/json' });
  });
  app.route('/docs', docs());
  app.all('/v1/*', (context) => context.notFound());
  if (staticFiles !== undefined) app.route('/', files(staticFiles));
  return app;
}

/** A mode that the tenant no longer takes still proves who wants to be deleted. @throws identification_keyed, mode_refused */
function checkMode(mode: Mode, { modes }: Tenant, purpose: Purpose): void {
  if (purpose === 'identify' && mode === 'keyed') throw new XnnError('identification_keyed');
  // A network of its own was deployed for messages of XNN.
  if (mode !== 'xnn' && purpose !== 'remove' && !modes.includes(mode)) throw new XnnError('mode_refused', mode);
}

/** In s, of those that pass by themselves: the limits count by the minute. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = {
  limited: 60,
  overloaded: 1,
  database_away: 5,
  storage_full: 60,
};

function codeOf(error: Error): ErrorCode {
  if (error instanceof HTTPException) return 'request_invalid';
  return error instanceof XnnError ? error.code : (databaseTrouble(error) ?? 'internal');
}

/** The answer to whatever was thrown. What is not the request's fault is logged. */
function refuse(error: Error, context: Context, log: AppDependencies['log']): Response {
  const code = codeOf(error);
  const status = httpStatus(code);
  const patience = RETRY_AFTER[code];
  if (patience !== undefined) context.header('Retry-After', String(patience));
  // Refusing must be cheaper than doing.
  if (status >= 500 && code !== 'overloaded') {
    log({ level: 'error', code, method: context.req.method, route: routePath(context), ...origin(error) });
  }
  return context.json({ error: { code, message: sentence(code) } } satisfies ErrorReply, status);
}

/** Where an error comes from. Only messages of this project are safe to log: a database's may quote the values of a query. */
function origin(error: Error): LogEntry {
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  return {
    error: error instanceof XnnError ? error.message : error.name,
    ...('code' in error && typeof error.code === 'string' && { reason: error.code }),
    stack: frames.join('\n'),
  };
}
