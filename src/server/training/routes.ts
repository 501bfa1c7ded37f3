import { createRoute, z } from '@hono/zod-openapi';
import {
  deletedSchema,
  ID_BYTES,
  jobCreatedSchema,
  jobListSchema,
  jobRequestSchema,
  jobSchema,
  MOST_PART_BYTES,
  PART_TYPE,
  uploadedSchema,
} from '../../wire/training.js';
import { limitBody } from '../body.js';
import { hex, partRequest, replies } from '../routes.js';

/** A manifest of `MOST_SHARDS` is shorter. */
const MOST_MANIFEST_BYTES = 1_000_000;

const jobParameter = z.object({ job: hex(ID_BYTES) });
const security = [{ token: [] }];
const tags = ['Training'];

export const createJobRoute = createRoute({
  method: 'post',
  path: '/v1/training-jobs',
  tags,
  summary: 'Begins a training job',
  description:
    'With the manifest of a bundle; its shards follow in parts. The token is shown once: whoever has it may follow, cancel and delete ' +
    'the job and have the trained network. Who shows the token of an earlier job has the new one under the same.',
  middleware: limitBody(MOST_MANIFEST_BYTES, 'application/json'),
  request: { body: { content: { 'application/json': { schema: jobRequestSchema } }, required: true } },
  responses: replies('The job, which waits for its bundle.', jobCreatedSchema, [
    'request_invalid',
    'message_too_long',
    'bundle_invalid',
    'encoder_differs',
    'bundle_too_large',
    'quota_exceeded',
    'trainer_missing',
  ]),
});

export const listJobsRoute = createRoute({
  method: 'get',
  path: '/v1/training-jobs',
  tags,
  security,
  summary: 'All jobs of a token, the oldest first',
  responses: replies('They are.', jobListSchema),
});

export const jobRoute = createRoute({
  method: 'get',
  path: '/v1/training-jobs/{job}',
  tags,
  security,
  summary: 'How far a job is',
  request: { params: jobParameter },
  responses: replies('The job.', jobSchema, ['job_unknown']),
});

export const bundlePartRoute = createRoute({
  method: 'patch',
  path: '/v1/training-jobs/{job}/bundle',
  tags,
  security,
  summary: 'Uploads a part of the bundle',
  description:
    `The shards one after another in the manifest's order, at most ${MOST_PART_BYTES} bytes at a time, beginning at the offset that the ` +
    'header names, which is what the job calls "uploaded". A shard that is refused is dropped: the upload goes on from where it began. ' +
    'With the last byte the job is queued.',
  middleware: limitBody(MOST_PART_BYTES, PART_TYPE),
  request: { params: jobParameter, ...partRequest },
  responses: replies('Bytes that are here.', uploadedSchema, [
    'job_unknown',
    'request_invalid',
    'message_too_long',
    'message_truncated',
    'job_state_wrong',
    'upload_offset_wrong',
    'bundle_corrupt',
    'bundle_truncated',
    'bundle_invalid',
  ]),
});

export const eventsRoute = createRoute({
  method: 'get',
  path: '/v1/training-jobs/{job}/events',
  tags,
  security,
  summary: 'Follows a job',
  description:
    'Server-sent events: the job as it stands, and again after every change, until it is done, failed or cancelled.',
  request: { params: jobParameter },
  responses: {
    ...replies('', jobSchema, ['job_unknown']),
    200: { description: 'Each event is a job in JSON.', content: { 'text/event-stream': { schema: z.string() } } },
  },
});

export const cancelJobRoute = createRoute({
  method: 'post',
  path: '/v1/training-jobs/{job}/cancellation',
  tags,
  security,
  summary: 'Ends a job before it is done, and deletes its bundle',
  request: { params: jobParameter },
  responses: replies('It is cancelled.', jobSchema, ['job_unknown', 'job_state_wrong']),
});

export const deleteJobRoute = createRoute({
  method: 'delete',
  path: '/v1/training-jobs/{job}',
  tags,
  security,
  summary: 'Deletes a job and all of its files',
  request: { params: jobParameter },
  responses: replies('It is gone.', deletedSchema, ['job_unknown']),
});

export const tailRoute = createRoute({
  method: 'get',
  path: '/v1/training-jobs/{job}/tail',
  tags,
  security,
  summary: 'The trained network, ONNX',
  description: "Its SHA-256 is in the job's report.",
  request: { params: jobParameter },
  responses: {
    ...replies('', jobSchema, ['job_unknown', 'job_state_wrong']),
    200: {
      description: 'Input tokens float32 [n, 49, 512], output embedding float32 [n, 128].',
      content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } },
    },
  },
});
