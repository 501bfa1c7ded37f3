import { z } from 'zod';
import { ERROR_CODES } from '../core/errors.js';
import { MODEL_VERSION_BYTES } from '../core/spec.js';
import { SCHEMES } from '../core/xnn.js';
import { manifestSchema } from './bundle.js';

// Training jobs and deployments: what the owner of a bundle and the cloud say to each other. Parts of files go as `PART_TYPE`, from the
// offset that the header OFFSET_HEADER names; all else is JSON. Every request but the first proves itself with the token of its job or
// deployment, in the header "Authorization: Bearer TOKEN".

export const PART_TYPE = 'application/offset+octet-stream';
export const OFFSET_HEADER = 'upload-offset';
/** Most bytes of one part. */
export const MOST_PART_BYTES = 8_388_608;

export const ID_BYTES = 16;
export const TOKEN_BYTES = 32;
export const DEFAULT_EPOCHS = 12;

export const TRAINING_ROUTES = {
  jobs: '/v1/training-jobs',
  job: (job: string) => `/v1/training-jobs/${job}`,
  bundle: (job: string) => `/v1/training-jobs/${job}/bundle`,
  events: (job: string) => `/v1/training-jobs/${job}/events`,
  cancellation: (job: string) => `/v1/training-jobs/${job}/cancellation`,
  tail: (job: string) => `/v1/training-jobs/${job}/tail`,
} as const;

const digits = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

/** What stands beside a trained tail, `recnet.json`, and says what it was trained on. */
export const tailReportSchema = z.strictObject({
  format: z.literal('xnn-tail'),
  version: z.literal(1),
  /** Model version of the encoder. */
  encoder: digits(MODEL_VERSION_BYTES),
  scheme: z.enum(SCHEMES),
  /** Fingerprint of the key. */
  key: digits(16),
  classes: z.int().positive(),
  records: z.int().positive(),
  epochs: z.int().positive(),
  /** Whether each place in a record has an input projection of its own. */
  slots: z.boolean(),
  /** Mean of the last epoch. */
  loss: z.number(),
  /** Share of held-out records whose class is nearest; null if none were held out. */
  accuracy: z.number().nullable(),
  /** Of the trainer's code. */
  commit: z.string().nullable(),
  bytes: z.int().positive(),
  sha256: digits(32),
});
export type TailReport = z.infer<typeof tailReportSchema>;

/** A line of the trainer. */
export const progressSchema = z.strictObject({
  /** From 1. */
  epoch: z.int().positive(),
  of: z.int().positive(),
  step: z.int().positive(),
  loss: z.number().nullable(),
  accuracy: z.number().nullable(),
  secondsLeft: z.number().nonnegative(),
});
export type TrainingProgress = z.infer<typeof progressSchema>;

export const JOB_STATES = ['uploading', 'queued', 'running', 'done', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** Most shards of a bundle: three and a half million records, of 90 GB. */
export const MOST_SHARDS = 7_000;
const looseManifest = z.object({ shards: z.array(z.unknown()) });

/** POST jobs. The shards follow, one after another in the manifest's order, as one stream of parts. */
export const jobRequestSchema = z.strictObject({
  // Shards are counted before any is looked into: each of a million wrong ones would be complained of.
  manifest: z.preprocess((manifest, context) => {
    if ((looseManifest.safeParse(manifest).data?.shards.length ?? 0) <= MOST_SHARDS) return manifest;
    context.addIssue(`more than ${MOST_SHARDS} shards`);
    return z.NEVER;
  }, manifestSchema),
  epochs: z.int().positive().default(DEFAULT_EPOCHS),
});
export type JobRequest = Pick<z.output<typeof jobRequestSchema>, 'manifest'> & { readonly epochs?: number | undefined };

/** A job as it stands. */
export const jobSchema = z.strictObject({
  job: digits(ID_BYTES),
  state: z.enum(JOB_STATES),
  /** ISO 8601. */
  created: z.iso.datetime(),
  /** Fingerprint of the bundle's key. */
  key: digits(16),
  records: z.int(),
  epochs: z.int(),
  /** Of all shards together, and of those how many are here. */
  bytes: z.int(),
  uploaded: z.int(),
  /** Jobs that are trained before this one; null unless it is queued. */
  ahead: z.int().nullable(),
  /** Null before the first step. */
  progress: progressSchema.nullable(),
  /** Why it failed. */
  error: z.strictObject({ code: z.enum(ERROR_CODES), message: z.string() }).nullable(),
  /** Of the tail, once it can be downloaded. */
  report: tailReportSchema.nullable(),
});
export type Job = z.infer<typeof jobSchema>;

/** The answer to POST jobs. The token is shown once. */
export const jobCreatedSchema = z.strictObject({ job: jobSchema, token: digits(TOKEN_BYTES) });
export const jobListSchema = z.strictObject({ jobs: z.array(jobSchema) });
/** The answer to a part. */
export const uploadedSchema = z.strictObject({ uploaded: z.int() });
export const deletedSchema = z.strictObject({ deleted: z.literal(true) });
