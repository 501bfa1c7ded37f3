import { createRoute, z } from '@hono/zod-openapi';
import { ERROR_CODES, httpStatus, sentence, type ErrorCode } from '../core/errors.js';
import { CHALLENGE_BYTES, MAX_CAPTURES, MODEL_VERSION_BYTES, TENANT_BYTES } from '../core/spec.js';
import {
  MESSAGE_TYPE,
  SUBJECT_PATTERN,
  type ChallengeReply,
  type EnrolmentReply,
  type ErrorReply,
  type IdentificationReply,
  type RemovalReply,
  type RemovalRequest,
  type ServiceReply,
  type VerificationReply,
} from '../wire/api.js';
import { KEYED_MESSAGE_BYTES, MESSAGE_BYTES, MOST_MESSAGE_BYTES, XNN_MESSAGE_BYTES } from '../wire/message.js';
import { OFFSET_HEADER, PART_TYPE } from '../wire/training.js';
import { limitBody } from './body.js';
import { RECEIPT_BYTES } from './migrations.js';
import { requires } from './tenants/authenticate.js';

type Same<A, B> = [A, B] extends [B, A] ? unknown : never;

/** A schema for exactly this type of the wire: a difference, either way, is a type error. */
export function schemaOf<Wire>(): <S extends z.ZodType>(schema: S & Same<z.output<S>, Wire>) => S {
  return (schema) => schema;
}

export const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

/** Composed and decomposed letters are one name. */
export const subject = z.string().normalize('NFC').regex(SUBJECT_PATTERN).openapi({ example: 'Ada Lovelace' });
export const subjectParameter = z.object({ subject });

const serviceReply = schemaOf<ServiceReply>()(
  z
    .object({ model: hex(MODEL_VERSION_BYTES), keyedModel: hex(MODEL_VERSION_BYTES), tenant: hex(TENANT_BYTES) })
    .openapi('Service'),
);
const challengeReply = schemaOf<ChallengeReply>()(
  z
    .object({
      challenge: hex(CHALLENGE_BYTES),
      expiresIn: z.int().positive().openapi({ description: 'In ms from now.' }),
    })
    .openapi('Challenge'),
);
const enrolmentReply = schemaOf<EnrolmentReply>()(
  z
    .object({
      subject,
      receipt: hex(RECEIPT_BYTES).openapi({ description: 'Shown once. Who has it may remove the subject.' }),
    })
    .openapi('Enrolment'),
);
const verificationReply = schemaOf<VerificationReply>()(
  z.object({ verdict: z.enum(['match', 'no_match']) }).openapi('Verification'),
);
const identificationReply = schemaOf<IdentificationReply>()(
  z
    .discriminatedUnion('verdict', [
      z.object({ verdict: z.literal('match'), subject }),
      z.object({ verdict: z.literal('no_match') }),
    ])
    .openapi('Identification'),
);
const removalRequest = schemaOf<RemovalRequest>()(
  z
    .object({
      receipt: hex(RECEIPT_BYTES),
      tenant: hex(TENANT_BYTES)
        .optional()
        .openapi({ description: "Of a deployment; else it is the cloud's own gallery." }),
    })
    .openapi('RemovalRequest'),
);
const removalReply = schemaOf<RemovalReply>()(z.object({ removed: z.literal(true) }).openapi('Removal'));
const errorReply = schemaOf<ErrorReply>()(
  z.object({ error: z.object({ code: z.enum(ERROR_CODES), message: z.string() }) }).openapi('Error'),
);

const ONE =
  `One message: ${MESSAGE_BYTES} bytes under noise, ${KEYED_MESSAGE_BYTES} under its owner's key, ` +
  `${XNN_MESSAGE_BYTES} under the key of a deployment.`;
export const message = z.custom<ArrayBuffer>().openapi({ type: 'string', format: 'binary', description: ONE });
const messages = z.custom<ArrayBuffer>().openapi({
  type: 'string',
  format: 'binary',
  description: `1 to ${MAX_CAPTURES} messages of one challenge and gallery, one after another. ${ONE}`,
});

/** What any route may refuse with. */
const ANY: readonly ErrorCode[] = [
  'credentials_missing',
  'credentials_invalid',
  'tenant_disabled',
  'forbidden',
  'limited',
  'overloaded',
  'database_away',
  'storage_full',
  'internal',
];
/** What any route that takes a message may refuse with. */
export const MESSAGE: readonly ErrorCode[] = [
  'request_invalid',
  'message_truncated',
  'message_too_long',
  'message_invalid',
  'message_values_invalid',
  'format_unsupported',
  'model_unsupported',
  'tenant_unknown',
  'challenge_invalid',
  'mode_refused',
];

function reply<S extends z.ZodType>(description: string, schema: S) {
  return { description, content: { 'application/json': { schema } } };
}

/** One part of an upload. */
export const partRequest = {
  headers: z.object({ [OFFSET_HEADER]: z.string().regex(/^\d{1,15}$/) }),
  body: {
    content: { [PART_TYPE]: { schema: z.custom<ArrayBuffer>().openapi({ type: 'string', format: 'binary' }) } },
    required: true,
  },
} as const;

/** The answers of a route: one when it does what it is asked, one shape for all its refusals. */
export function replies<S extends z.ZodType>(description: string, schema: S, refusals: readonly ErrorCode[] = []) {
  const list = [...refusals, ...ANY].map((code) => `- ${httpStatus(code)} \`${code}\`: ${sentence(code)}`);
  return { 200: reply(description, schema), default: reply(`Refused:\n${list.join('\n')}`, errorReply) };
}

export const healthRoute = createRoute({
  method: 'get',
  path: '/v1/health',
  summary: 'Whether the server is up',
  responses: replies('It is.', z.object({ status: z.literal('ok') }).openapi('Health')),
});

export const readinessRoute = createRoute({
  method: 'get',
  path: '/v1/ready',
  summary: 'Whether the server can do its work: its database answers',
  responses: replies('It can.', z.object({ status: z.literal('ready') }).openapi('Readiness')),
});

export const serviceRoute = createRoute({
  method: 'get',
  path: '/v1/service',
  summary: 'What a browser must know before it encodes',
  responses: replies('Model versions and tenant.', serviceReply),
});

export const challengeRoute = createRoute({
  method: 'post',
  path: '/v1/challenges',
  summary: 'A challenge, for the messages of one request',
  responses: replies('A new challenge.', challengeReply),
});

export const enrolmentRoute = createRoute({
  method: 'post',
  path: '/v1/subjects/{subject}/enrolment',
  summary: 'Stores a template of a face under a name',
  middleware: [requires('enrol'), limitBody(MAX_CAPTURES * MOST_MESSAGE_BYTES, MESSAGE_TYPE)],
  request: { params: subjectParameter, body: { content: { [MESSAGE_TYPE]: { schema: messages } }, required: true } },
  responses: replies('Stored.', enrolmentReply, ['subject_invalid', ...MESSAGE, 'captures_differ', 'subject_exists']),
});

export const verificationRoute = createRoute({
  method: 'post',
  path: '/v1/subjects/{subject}/verification',
  summary: 'Whether a face is the one stored under a name',
  description: 'A name that is not stored is answered like a face that does not match.',
  middleware: [requires('verify'), limitBody(MOST_MESSAGE_BYTES, MESSAGE_TYPE)],
  request: { params: subjectParameter, body: { content: { [MESSAGE_TYPE]: { schema: message } }, required: true } },
  responses: replies('The verdict.', verificationReply, ['subject_invalid', ...MESSAGE]),
});

export const identificationRoute = createRoute({
  method: 'post',
  path: '/v1/identification',
  summary: 'Whose face it is, among all stored',
  middleware: [requires('identify'), limitBody(MOST_MESSAGE_BYTES, MESSAGE_TYPE)],
  request: { body: { content: { [MESSAGE_TYPE]: { schema: message } }, required: true } },
  responses: replies('The verdict.', identificationReply, ['identification_keyed', ...MESSAGE]),
});

export const removalRoute = createRoute({
  method: 'post',
  path: '/v1/subjects/{subject}/removal',
  summary: 'Deletes all there is of a subject',
  description: 'By the receipt of the enrolment, or by one message that shows the face.',
  middleware: [requires('remove'), limitBody(MOST_MESSAGE_BYTES, 'application/json', MESSAGE_TYPE)],
  request: {
    params: subjectParameter,
    body: { content: { 'application/json': { schema: removalRequest }, [MESSAGE_TYPE]: { schema: message } } },
  },
  responses: replies('Deleted.', removalReply, ['subject_invalid', ...MESSAGE, 'removal_refused']),
});
