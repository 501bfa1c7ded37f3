import { z } from 'zod';
import { MODEL_VERSION_BYTES, TENANT_BYTES } from '../core/spec.js';
import { SCHEMES } from '../core/xnn.js';
import { TOKEN_BYTES } from './training.js';

// A deployment is a tail that a cloud serves to browsers which hold its key. It has a gallery and a threshold of its own, and a model
// version of its own: the first 8 bytes of SHA-256 of "xnn deployment", the encoder and the tail's SHA-256, a zero byte between them.

export const DEPLOYMENT_ROUTES = {
  deployments: '/v1/deployments',
  ofKey: (fingerprint: string) => `/v1/deployments?key=${fingerprint}`,
  deployment: (deployment: string) => `/v1/deployments/${deployment}`,
  tail: (deployment: string) => `/v1/deployments/${deployment}/tail`,
} as const;

const digits = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

/** POST deployments; the tail follows in parts. */
export const deploymentRequestSchema = z.strictObject({
  /** Model version of the encoder. */
  encoder: digits(MODEL_VERSION_BYTES),
  scheme: z.enum(SCHEMES),
  /** Fingerprint of the key. */
  key: digits(16),
  /** Cosine from which two faces are one person. */
  threshold: z.number().min(-1).max(1),
  /** Of the tail. */
  bytes: z.int().positive(),
  sha256: digits(32),
  /** That whoever deploys has the key (`core/proof.ts`); the cloud cannot check it, browsers with the key do. */
  proof: digits(32),
});
export type DeploymentRequest = z.infer<typeof deploymentRequestSchema>;

/** What a browser must know before it encodes for it. */
export const deploymentSchema = z.strictObject({
  /** Its gallery, which messages name as their tenant. */
  deployment: digits(TENANT_BYTES),
  model: digits(MODEL_VERSION_BYTES),
  encoder: digits(MODEL_VERSION_BYTES),
  scheme: z.enum(SCHEMES),
  key: digits(16),
  threshold: z.number(),
  /** Of the tail. */
  sha256: digits(32),
  /** Null for one that was made before there were proofs; browsers do not take it. */
  proof: digits(32).nullable(),
  /** ISO 8601. */
  created: z.iso.datetime(),
  /** Of the tail, and of those how many are here. */
  bytes: z.int(),
  uploaded: z.int(),
  /** Whether it answers. */
  live: z.boolean(),
});
export type Deployment = z.infer<typeof deploymentSchema>;

/** The answer to POST deployments. The token is shown once. */
export const deploymentCreatedSchema = z.strictObject({ deployment: deploymentSchema, token: digits(TOKEN_BYTES) });
export const deploymentListSchema = z.strictObject({ deployments: z.array(deploymentSchema) });
