import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { XnnError } from '../../core/errors.js';
import type { RandomBytes } from '../../core/random.js';
import type { Served } from '../../protocol/recognise.js';
import { fromHex, toHex } from '../../wire/hex.js';
import { ID_BYTES, TOKEN_BYTES } from '../../wire/training.js';
import { partOf } from '../body.js';
import { sha256 } from '../sha256.js';
import { owned, shownToken } from '../token.js';
import type { TrainingQueue } from './queue.js';
import type { JobRows } from './rows.js';
import {
  bundlePartRoute,
  cancelJobRoute,
  createJobRoute,
  deleteJobRoute,
  eventsRoute,
  jobRoute,
  listJobsRoute,
  tailRoute,
} from './routes.js';

export interface TrainingParts {
  readonly queue: TrainingQueue;
  readonly rows: JobRows;
  /** Bundles of this model's encoder are taken; jobs belong to its tenant. */
  readonly served: Served;
  readonly random: RandomBytes;
}

/** How often something is sent to who follows a job, so that nothing in between takes the connection for dead; in ms. */
const HEARTBEAT = 15_000;

/** The routes of training jobs. An unknown job and a wrong token answer alike. */
export function trainingApp({ queue, rows, served, random }: TrainingParts): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return;
      if (result.target === 'param') throw new XnnError('job_unknown');
      // Not all of them in words: there may be thousands.
      const { issues } = result.error;
      const isManifest = issues.some(({ path }) => path[0] === 'manifest');
      throw new XnnError(isManifest ? 'bundle_invalid' : 'request_invalid', issues[0]?.message);
    },
  });

  /** @throws job_unknown */
  const allowed = (context: Context, job: string) => owned(context, fromHex(job, ID_BYTES), rows, 'job_unknown');

  app.openapi(createJobRoute, async (context) => {
    const { manifest, epochs } = context.req.valid('json');
    if (manifest.encoder !== toHex(served.model)) throw new XnnError('encoder_differs', manifest.encoder);
    const shown = context.req.header('authorization')?.replace(/^Bearer /, '');
    const known = shownToken(context);
    const token = known === null ? toHex(random(TOKEN_BYTES)) : shown!;
    const tokenHash = known ?? sha256(fromHex(token, TOKEN_BYTES));
    const job = await queue.create({ id: random(ID_BYTES), tenant: served.tenant, tokenHash, epochs }, manifest);
    return context.json({ job, token }, 200);
  });

  app.openapi(listJobsRoute, async (context) => {
    const shown = shownToken(context);
    return context.json({ jobs: shown === null ? [] : [...(await queue.list(shown))] }, 200);
  });

  app.openapi(jobRoute, async (context) => {
    const id = await allowed(context, context.req.valid('param').job);
    return context.json(await queue.describe(id), 200);
  });

  app.openapi(bundlePartRoute, async (context) => {
    const id = await allowed(context, context.req.valid('param').job);
    return context.json({ uploaded: await queue.append(id, ...(await partOf(context))) }, 200);
  });

  app.openapi(eventsRoute, async (context) => {
    const id = await allowed(context, context.req.valid('param').job);
    queue.admitFollower(id);
    return streamSSE(context, async (stream) => {
      const left = new AbortController();
      stream.onAbort(() => left.abort());
      const heartbeat = setInterval(() => void stream.write(': still here\n\n'), HEARTBEAT);
      try {
        for await (const job of queue.follow(id, left.signal)) await stream.writeSSE({ data: JSON.stringify(job) });
      } catch (error) {
        // Not to be thrown: hono prints it as it is. Who follows comes again.
        queue.tell(error);
      } finally {
        clearInterval(heartbeat);
      }
    });
  });

  app.openapi(cancelJobRoute, async (context) => {
    const id = await allowed(context, context.req.valid('param').job);
    return context.json(await queue.cancel(id), 200);
  });

  app.openapi(deleteJobRoute, async (context) => {
    const id = await allowed(context, context.req.valid('param').job);
    await queue.remove(id);
    return context.json({ deleted: true } as const, 200);
  });

  app.openapi(tailRoute, async (context) => {
    const id = await allowed(context, context.req.valid('param').job);
    const { size, content } = await queue.tail(id);
    const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': String(size) };
    return context.body(content, 200, headers);
  });

  return app;
}
