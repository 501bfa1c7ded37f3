import type { z } from 'zod';
import { isErrorCode, XnnError } from '../core/errors.js';
import {
  DEPLOYMENT_ROUTES,
  deploymentCreatedSchema,
  deploymentSchema,
  type Deployment,
  type DeploymentRequest,
} from '../wire/deployment.js';
import {
  deletedSchema,
  jobCreatedSchema,
  jobSchema,
  OFFSET_HEADER,
  PART_TYPE,
  TRAINING_ROUTES,
  uploadedSchema,
  type Job,
  type JobRequest,
} from '../wire/training.js';

/**
 * A cloud as the owner of bundles and tails sees it. Every method rejects with `XnnError` only: server_away, reply_invalid, or the code
 * that the cloud answered.
 */
export interface OwnerCloud {
  /** Without a slash at its end. */
  readonly address: string;
  /** @param token of an earlier job, to have this one under the same */
  createJob(request: JobRequest, token?: string): Promise<z.infer<typeof jobCreatedSchema>>;
  job(job: string, token: string): Promise<Job>;
  /** @returns bytes that are there */
  sendBundle(job: string, token: string, offset: number, part: Uint8Array<ArrayBuffer>): Promise<number>;
  /** The job as it stands, and again after every change, until it is over or the connection ends. */
  follow(job: string, token: string): AsyncGenerator<Job>;
  cancelJob(job: string, token: string): Promise<Job>;
  deleteJob(job: string, token: string): Promise<void>;
  tail(job: string, token: string): Promise<Uint8Array>;
  createDeployment(request: DeploymentRequest): Promise<z.infer<typeof deploymentCreatedSchema>>;
  deployment(deployment: string, token: string): Promise<Deployment>;
  sendTail(deployment: string, token: string, offset: number, part: Uint8Array<ArrayBuffer>): Promise<number>;
  deleteDeployment(deployment: string, token: string): Promise<void>;
}

/** @throws request_invalid if the address is none */
export function ownerCloud(address: string): OwnerCloud {
  const base = address.replace(/\/+$/, '');
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new XnnError('request_invalid', `${address} is not an address such as https://cloud.example`);
  }
  // Not shown again: there may be a password in it. With one, fetch asks nobody.
  if (/^\w+:\/\/[^/]*@|[?#]/.test(base)) {
    throw new XnnError('request_invalid', "a cloud's address has no name or password in it, no ? and no #");
  }
  const bearer = (token: string | undefined): Record<string, string> =>
    token === undefined ? {} : { Authorization: `Bearer ${token}` };

  async function request(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(base + path, init).catch((cause: unknown) => {
      throw new XnnError('server_away', base, { cause });
    });
    if (response.ok) return response;
    const code: unknown = await response.json().then(
      (body: unknown) => (body as { error?: { code?: unknown } } | null)?.error?.code,
      () => undefined,
    );
    // What stands before a cloud that is away answers in words of its own.
    const otherwise = response.status >= 500 ? 'server_away' : 'reply_invalid';
    throw new XnnError(isErrorCode(code) ? code : otherwise, `${path} answered ${response.status}`);
  }
  async function ask<S extends z.ZodType>(path: string, schema: S, init: RequestInit): Promise<z.output<S>> {
    const response = await request(path, init);
    const reply = schema.safeParse(await response.json().catch(() => undefined));
    if (!reply.success) throw new XnnError('reply_invalid', path);
    return reply.data;
  }
  const posted = (body: object, token?: string): RequestInit => ({
    method: 'POST',
    headers: { ...bearer(token), 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const send = async (path: string, token: string, offset: number, part: Uint8Array<ArrayBuffer>) => {
    const headers = { ...bearer(token), 'Content-Type': PART_TYPE, [OFFSET_HEADER]: String(offset) };
    return (await ask(path, uploadedSchema, { method: 'PATCH', headers, body: part })).uploaded;
  };

  return {
    address: base,
    createJob: (body, token) => ask(TRAINING_ROUTES.jobs, jobCreatedSchema, posted(body, token)),
    job: (job, token) => ask(TRAINING_ROUTES.job(job), jobSchema, { headers: bearer(token) }),
    sendBundle: (job, token, offset, part) => send(TRAINING_ROUTES.bundle(job), token, offset, part),
    async *follow(job, token) {
      const { body } = await request(TRAINING_ROUTES.events(job), { headers: bearer(token) });
      for await (const data of events(body)) {
        const parsed = jobSchema.safeParse(jsonOf(data));
        if (!parsed.success) throw new XnnError('reply_invalid', 'an event');
        yield parsed.data;
      }
    },
    cancelJob: (job, token) =>
      ask(TRAINING_ROUTES.cancellation(job), jobSchema, { method: 'POST', headers: bearer(token) }),
    async deleteJob(job, token) {
      await ask(TRAINING_ROUTES.job(job), deletedSchema, { method: 'DELETE', headers: bearer(token) });
    },
    async tail(job, token) {
      const response = await request(TRAINING_ROUTES.tail(job), { headers: bearer(token) });
      return new Uint8Array(
        await response.arrayBuffer().catch((cause: unknown) => {
          throw new XnnError('server_away', 'the download ended early', { cause });
        }),
      );
    },
    createDeployment: (body) => ask(DEPLOYMENT_ROUTES.deployments, deploymentCreatedSchema, posted(body)),
    deployment: (deployment, token) =>
      ask(DEPLOYMENT_ROUTES.deployment(deployment), deploymentSchema, { headers: bearer(token) }),
    sendTail: (deployment, token, offset, part) => send(DEPLOYMENT_ROUTES.tail(deployment), token, offset, part),
    async deleteDeployment(deployment, token) {
      const init = { method: 'DELETE', headers: bearer(token) };
      await ask(DEPLOYMENT_ROUTES.deployment(deployment), deletedSchema, init);
    },
  };
}

/** The data of server-sent events, an event at a time. @throws server_away if the connection breaks */
async function* events(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const data = lines.flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
        if (data.length > 0) yield data.join('\n');
      }
    }
  } catch (cause) {
    if (cause instanceof XnnError) throw cause;
    throw new XnnError('server_away', 'the connection broke', { cause });
  }
}

/** Undefined for what is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
