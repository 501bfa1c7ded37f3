import { createHash, timingSafeEqual } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { routePath } from 'hono/route';
import { httpStatus, sentence, XnnError } from '../core/errors.js';
import { similarity, template, unit, type Embedding } from '../core/match.js';
import { gaussian, type RandomBytes } from '../core/random.js';
import { CHALLENGE_BYTES, CHALLENGE_LIFETIME, EMBEDDING_SIZE, MAX_CAPTURES, TENANT_BYTES } from '../core/spec.js';
import type { Served, Student } from '../protocol/recognise.js';
import type { ErrorReply } from '../wire/api.js';
import { fromHex, toHex } from '../wire/hex.js';
import { tenantOf } from '../wire/message.js';
import { deploymentApp, type DeploymentAppParts } from './deployments/app.js';
import { docs } from './docs.js';
import { securityHeaders } from './headers.js';
import { RECEIPT_BYTES } from './migrations.js';
import {
  challengeRoute,
  enrolmentRoute,
  healthRoute,
  identificationRoute,
  removalRoute,
  serviceRoute,
  verificationRoute,
} from './routes.js';
import { studentRecogniser, type Recogniser } from './recogniser.js';
import { files } from './files.js';
import type { Decoy, Found, Store } from './store.js';
import { trainingApp, type TrainingParts } from './training/app.js';

/** A line of the log. Never holds a body, a name, a token or a feature. */
export type LogEntry = Readonly<Record<string, string | number>>;

export interface AppDependencies {
  readonly store: Store;
  readonly student: Student;
  readonly served: Served;
  /** Cosine from which two faces are one person. */
  readonly threshold: number;
  /** In ms since 1970. */
  readonly now: () => number;
  readonly random: RandomBytes;
  readonly log: (entry: LogEntry) => void;
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

/** The cloud: Request to Response. Replies are verdicts, never scores. */
export function createApp(dependencies: AppDependencies): OpenAPIHono {
  const { store, student, served, threshold, now, random, log, staticFiles, training, deployments } = dependencies;

  const own = studentRecogniser(student, served, threshold);

  /** What answers for a gallery. Messages for one that is not served are refused by the cloud's own. */
  async function recogniserOf(tenant: Uint8Array): Promise<Recogniser> {
    return (await deployments?.deployments.find(tenant)) ?? own;
  }

  /** The faces of a request's messages, which use up their challenge. A message that is refused before leaves it as it was. */
  async function faces(body: ArrayBuffer, most: number): Promise<Recognised<readonly Embedding[]>> {
    const bytes = new Uint8Array(body);
    const recogniser = await recogniserOf(tenantOf(bytes));
    const { challenge, embeddings } = recogniser.read(bytes, most);
    const taken = await store.takeChallenge(served.tenant, challenge, new Date(now()));
    if (!taken) throw new XnnError('challenge_invalid');
    return { recogniser, seen: await embeddings() };
  }

  async function face(body: ArrayBuffer): Promise<Recognised<Embedding>> {
    const { recogniser, seen } = await faces(body, 1);
    const [only] = seen;
    if (only === undefined) throw new XnnError('model_invalid', 'the student gave no embedding');
    return { recogniser, seen: only };
  }

  /** Compares a face with a subject's. An unknown subject takes the same work: his template is a random one, and never matches. */
  async function compare(
    { recogniser, seen }: Recognised<Embedding>,
    subject: string,
  ): Promise<Found & { readonly match: boolean }> {
    const found = await store.findTemplate(recogniser.served, subject, decoy(random));
    const near = similarity(seen, found.embedding) >= recogniser.threshold;
    return { ...found, match: near && found.known };
  }

  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw new XnnError(result.target === 'param' ? 'subject_invalid' : 'request_invalid');
    },
  });
  app.use(securityHeaders);
  app.onError((error, context) => refuse(error, context, log));
  app.notFound((context) => refuse(new XnnError('not_found'), context, log));

  app.openapi(healthRoute, async (context) => {
    await store.check();
    return context.json({ status: 'ok' } as const, 200);
  });

  app.openapi(serviceRoute, (context) =>
    context.json({ model: toHex(served.model), tenant: toHex(served.tenant) }, 200),
  );

  app.openapi(challengeRoute, async (context) => {
    const challenge = random(CHALLENGE_BYTES);
    const at = now();
    await store.addChallenge(served.tenant, challenge, new Date(at), new Date(at + CHALLENGE_LIFETIME));
    return context.json({ challenge: toHex(challenge), expiresIn: CHALLENGE_LIFETIME }, 200);
  });

  app.openapi(enrolmentRoute, async (context) => {
    const { subject } = context.req.valid('param');
    const { recogniser, seen } = await faces(await context.req.arrayBuffer(), MAX_CAPTURES);
    const embedding = template(seen, recogniser.threshold);
    const receipt = random(RECEIPT_BYTES);
    const entry = {
      ...recogniser.served,
      subject,
      embedding,
      receiptHash: sha256(receipt),
      createdAt: new Date(now()),
    };
    if (!(await store.addTemplate(entry))) throw new XnnError('subject_exists');
    return context.json({ subject, receipt: toHex(receipt) }, 200);
  });

  app.openapi(verificationRoute, async (context) => {
    const { subject } = context.req.valid('param');
    const { match } = await compare(await face(await context.req.arrayBuffer()), subject);
    return context.json({ verdict: match ? ('match' as const) : ('no_match' as const) }, 200);
  });

  app.openapi(identificationRoute, async (context) => {
    const { recogniser, seen } = await face(await context.req.arrayBuffer());
    const nearest = await store.nearest(recogniser.served, seen);
    if (nearest === null || similarity(seen, nearest.embedding) < recogniser.threshold) {
      return context.json({ verdict: 'no_match' } as const, 200);
    }
    return context.json({ verdict: 'match', subject: nearest.subject } as const, 200);
  });

  app.openapi(removalRoute, async (context) => {
    const { subject } = context.req.valid('param');
    const request = context.req.valid('json');
    if ('receipt' in request) {
      const shown = sha256(fromHex(request.receipt, RECEIPT_BYTES));
      const tenant = request.tenant === undefined ? served.tenant : fromHex(request.tenant, TENANT_BYTES);
      const stored = await store.findReceipt(tenant, subject, random(RECEIPT_BYTES));
      if (!timingSafeEqual(shown, stored)) throw new XnnError('removal_refused');
      await remove(tenant, subject, stored);
    } else {
      const recognised = await face(await context.req.arrayBuffer());
      const { match, receiptHash } = await compare(recognised, subject);
      if (!match) throw new XnnError('removal_refused');
      await remove(recognised.recogniser.served.tenant, subject, receiptHash);
    }
    return context.json({ removed: true } as const, 200);
  });

  /** By the receipt that was found, so that a subject who was removed and enrolled anew in between stays. */
  async function remove(tenant: Uint8Array, subject: string, receiptHash: Uint8Array): Promise<void> {
    if (!(await store.removeSubject(tenant, subject, receiptHash))) throw new XnnError('removal_refused');
  }

  if (training !== undefined) app.route('/', trainingApp({ ...training, served, random }));
  if (deployments !== undefined) app.route('/', deploymentApp({ ...deployments, served, random }));

  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'XNN face verification',
      version: '1',
      description:
        'Verifies faces from perturbed features. Takes no pictures, and answers with verdicts, never scores.',
      license: { name: 'MIT' },
    },
  });
  app.route('/docs', docs());
  app.all('/v1/*', (context) => context.notFound());
  if (staticFiles !== undefined) app.route('/', files(staticFiles));
  return app;
}

/** The answer to whatever was thrown. What is not the request's fault is logged. */
function refuse(error: Error, context: Context, log: AppDependencies['log']): Response {
  const code = error instanceof HTTPException ? 'request_invalid' : error instanceof XnnError ? error.code : 'internal';
  const status = httpStatus(code);
  if (status >= 500) {
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

/** What an unknown subject is compared with. */
function decoy(random: RandomBytes): Decoy {
  return { embedding: unit(gaussian(EMBEDDING_SIZE, random)), receiptHash: random(RECEIPT_BYTES) };
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
