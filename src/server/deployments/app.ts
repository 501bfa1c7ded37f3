import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { XnnError } from '../../core/errors.js';
import type { RandomBytes } from '../../core/random.js';
import { TENANT_BYTES } from '../../core/spec.js';
import type { Served } from '../../protocol/recognise.js';
import { fromHex, toHex } from '../../wire/hex.js';
import { TOKEN_BYTES } from '../../wire/training.js';
import { partOf } from '../body.js';
import { sha256 } from '../sha256.js';
import { owned } from '../token.js';
import type { Deployments } from './deployments.js';
import {
  createDeploymentRoute,
  deleteDeploymentRoute,
  deploymentRoute,
  findDeploymentsRoute,
  tailPartRoute,
} from './routes.js';
import type { DeploymentRows } from './rows.js';

export interface DeploymentAppParts {
  readonly deployments: Deployments;
  readonly rows: DeploymentRows;
  /** Tails for this model's encoder are taken; deployments belong to its tenant. */
  readonly served: Served;
  readonly random: RandomBytes;
}

/** The routes of deployments. An unknown one and a wrong token answer alike. */
export function deploymentApp({ deployments, rows, served, random }: DeploymentAppParts): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw new XnnError(result.target === 'param' ? 'deployment_unknown' : 'request_invalid');
    },
  });

  /** @throws deployment_unknown */
  const allowed = (context: Context, deployment: string) =>
    owned(context, fromHex(deployment, TENANT_BYTES), rows, 'deployment_unknown');

  app.openapi(createDeploymentRoute, async (context) => {
    const request = context.req.valid('json');
    if (request.encoder !== toHex(served.model)) throw new XnnError('encoder_differs', request.encoder);
    const token = random(TOKEN_BYTES);
    const owned = { gallery: random(TENANT_BYTES), tenant: served.tenant, tokenHash: sha256(token) };
    return context.json({ deployment: await deployments.create(owned, request), token: toHex(token) }, 200);
  });

  app.openapi(findDeploymentsRoute, async (context) => {
    const found = await deployments.ofKey(context.req.valid('query').key);
    return context.json({ deployments: [...found] }, 200);
  });

  app.openapi(deploymentRoute, async (context) => {
    const gallery = await allowed(context, context.req.valid('param').deployment);
    return context.json(await deployments.describe(gallery), 200);
  });

  app.openapi(tailPartRoute, async (context) => {
    const gallery = await allowed(context, context.req.valid('param').deployment);
    return context.json({ uploaded: await deployments.append(gallery, ...(await partOf(context))) }, 200);
  });

  app.openapi(deleteDeploymentRoute, async (context) => {
    const gallery = await allowed(context, context.req.valid('param').deployment);
    await deployments.remove(gallery);
    return context.json({ deleted: true } as const, 200);
  });

  return app;
}
