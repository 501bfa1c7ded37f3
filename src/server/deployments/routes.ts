import { createRoute, z } from '@hono/zod-openapi';
import { TENANT_BYTES } from '../../core/spec.js';
import {
  deploymentCreatedSchema,
  deploymentListSchema,
  deploymentRequestSchema,
  deploymentSchema,
} from '../../wire/deployment.js';
import { deletedSchema, MOST_PART_BYTES, PART_TYPE, uploadedSchema } from '../../wire/training.js';
import { limitBody } from '../body.js';
import { hex, partRequest, replies } from '../routes.js';

const MOST_REQUEST_BYTES = 4096;

const deploymentParameter = z.object({ deployment: hex(TENANT_BYTES) });
const security = [{ token: [] }];
const tags = ['Deployments'];

export const createDeploymentRoute = createRoute({
  method: 'post',
  path: '/v1/deployments',
  tags,
  summary: 'Begins to serve a trained network',
  description:
    'The network follows in parts. The token is shown once: whoever has it may upload and delete. Browsers that hold the key find the ' +
    'deployment by its fingerprint, and take it only if the proof, made with the key of encoder, network and threshold, is right; ' +
    'this server cannot check it. What is not whole after a day is deleted.',
  middleware: limitBody(MOST_REQUEST_BYTES, 'application/json'),
  request: { body: { content: { 'application/json': { schema: deploymentRequestSchema } }, required: true } },
  responses: replies('The deployment, which waits for its network.', deploymentCreatedSchema, [
    'request_invalid',
    'message_too_long',
    'encoder_differs',
    'tail_too_large',
    'quota_exceeded',
  ]),
});

export const findDeploymentsRoute = createRoute({
  method: 'get',
  path: '/v1/deployments',
  tags,
  summary: 'What is served for a key, by its fingerprint; the latest first',
  description:
    'Anybody may have put it there: who has the key checks the proof of each, and takes the latest whose proof is right.',
  request: { query: z.object({ key: hex(16) }) },
  responses: replies('They are.', deploymentListSchema, ['request_invalid']),
});

export const deploymentRoute = createRoute({
  method: 'get',
  path: '/v1/deployments/{deployment}',
  tags,
  security,
  summary: 'How far a deployment is',
  request: { params: deploymentParameter },
  responses: replies('The deployment.', deploymentSchema, ['deployment_unknown']),
});

export const tailPartRoute = createRoute({
  method: 'patch',
  path: '/v1/deployments/{deployment}/tail',
  tags,
  security,
  summary: 'Uploads a part of the network',
  description: `At most ${MOST_PART_BYTES} bytes at a time, beginning where the upload stands. With the last byte it is live.`,
  middleware: limitBody(MOST_PART_BYTES, PART_TYPE),
  request: { params: deploymentParameter, ...partRequest },
  responses: replies('Bytes that are here.', uploadedSchema, [
    'deployment_unknown',
    'request_invalid',
    'message_too_long',
    'message_truncated',
    'upload_offset_wrong',
    'model_hash_wrong',
    'tail_invalid',
  ]),
});

export const deleteDeploymentRoute = createRoute({
  method: 'delete',
  path: '/v1/deployments/{deployment}',
  tags,
  security,
  summary: 'Deletes a network and everybody who is enrolled with it',
  request: { params: deploymentParameter },
  responses: replies('They are gone.', deletedSchema, ['deployment_unknown']),
});
