import { createRoute, z } from '@hono/zod-openapi';
import { TENANT_BYTES } from '../../core/spec.js';
import {
  ROLES,
  SCOPES,
  type AuditReply,
  type DoneReply,
  type KeyRequest,
  type KeysReply,
  type NewKeyReply,
  type ScoreReply,
  type TenantReply,
  type TenantRequest,
} from '../../wire/admin.js';
import { MESSAGE_TYPE } from '../../wire/api.js';
import { MESSAGE_BYTES } from '../../wire/message.js';
import { limitBody } from '../body.js';
import { hex, message, MESSAGE, replies, schemaOf, subjectParameter } from '../routes.js';
import { requires } from './authenticate.js';

const MOST_JSON = 4_096;
const limitJson = limitBody(MOST_JSON, 'application/json');

/** An address that may be told: HTTPS, or this machine for trying it. */
const webhook = z.url().refine((address) => /^https:|^http:\/\/(localhost|127\.0\.0\.1)[:/]/.test(address));
const settings = {
  threshold: z.number().min(0).max(1).nullable().openapi({ description: "Cosine; null for the release's." }),
  retentionDays: z.int().min(1).max(36_500).nullable(),
  isPublic: z.boolean().openapi({ description: 'Whether requests without a key may be its own.' }),
  webhook: webhook.nullable(),
};
const scope = z.enum(SCOPES);
const role = z.enum(ROLES);
const date = z.string().openapi({ format: 'date-time' });
const keyParameter = z.object({ id: hex(8) });

const tenantReply = schemaOf<TenantReply>()(
  z.object({ id: hex(TENANT_BYTES), name: z.string(), ...settings }).openapi('Tenant'),
);
const tenantRequest = schemaOf<TenantRequest>()(z.strictObject(settings).partial().openapi('TenantRequest'));
const keyRequest = schemaOf<KeyRequest>()(
  z
    .strictObject({
      role,
      scopes: z.array(scope).min(1).readonly().optional(),
      expiresInDays: z.int().min(1).max(3_650).optional(),
    })
    .openapi('KeyRequest'),
);
const newKeyReply = schemaOf<NewKeyReply>()(
  z.object({ id: hex(8), key: z.string().openapi({ description: 'Shown once.' }) }).openapi('NewKey'),
);
const keysReply = schemaOf<KeysReply>()(
  z
    .object({
      keys: z
        .array(
          z.object({
            id: hex(8),
            role,
            scopes: z.array(scope).readonly(),
            createdAt: date,
            expiresAt: date.nullable(),
            revokedAt: date.nullable(),
          }),
        )
        .readonly(),
    })
    .openapi('Keys'),
);
const auditReply = schemaOf<AuditReply>()(
  z
    .object({
      entries: z
        .array(
          z.object({
            seq: z.int(),
            at: date,
            actor: z.string(),
            action: z.string(),
            object: z.string().nullable(),
            outcome: z.string(),
            previous: hex(32),
            hash: hex(32),
          }),
        )
        .readonly(),
    })
    .openapi('Audit'),
);
const scoreReply = schemaOf<ScoreReply>()(
  z.object({ verdict: z.enum(['match', 'no_match']), score: z.number() }).openapi('Score'),
);
const doneReply = schemaOf<DoneReply>()(z.object({ done: z.literal(true) }).openapi('Done'));

const json = <S extends z.ZodType>(schema: S) => ({ content: { 'application/json': { schema } }, required: true });

export const readTenantRoute = createRoute({
  method: 'get',
  path: '/v1/tenant',
  summary: "The tenant's settings",
  middleware: requires('tenant'),
  responses: replies('The settings.', tenantReply),
});

export const changeTenantRoute = createRoute({
  method: 'patch',
  path: '/v1/tenant',
  summary: "Changes the tenant's settings",
  middleware: [requires('settings'), limitJson],
  request: { body: json(tenantRequest) },
  responses: replies('As they are now.', tenantReply, ['request_invalid']),
});

export const keysRoute = createRoute({
  method: 'get',
  path: '/v1/keys',
  summary: "The tenant's API keys, without their secrets",
  middleware: requires('keys'),
  responses: replies('The keys.', keysReply),
});

export const createKeyRoute = createRoute({
  method: 'post',
  path: '/v1/keys',
  summary: 'A new API key, which may do no more than the one that asks',
  middleware: [requires('keys'), limitJson],
  request: { body: json(keyRequest) },
  responses: replies('The key, shown this once.', newKeyReply, ['request_invalid']),
});

export const rotateKeyRoute = createRoute({
  method: 'post',
  path: '/v1/keys/{id}/rotation',
  summary: 'A new key like this one, which itself works for another day',
  middleware: requires('keys'),
  request: { params: keyParameter },
  responses: replies('The new key, shown this once.', newKeyReply, ['request_invalid', 'not_found']),
});

export const revokeKeyRoute = createRoute({
  method: 'delete',
  path: '/v1/keys/{id}',
  summary: 'Revokes a key at once',
  middleware: requires('keys'),
  request: { params: keyParameter },
  responses: replies('Revoked.', doneReply, ['request_invalid', 'not_found']),
});

export const auditRoute = createRoute({
  method: 'get',
  path: '/v1/audit',
  summary: "The tenant's audit log, up to 1,000 entries after a given one",
  middleware: requires('audit'),
  request: { query: z.object({ after: z.coerce.number().int().min(0).default(0) }) },
  responses: replies('The entries, oldest first.', auditReply, ['request_invalid']),
});

export const scoreRoute = createRoute({
  method: 'post',
  path: '/v1/subjects/{subject}/score',
  summary: 'How near a face is to the one stored under a name',
  description: 'For setting a threshold. Counts as a try like any other.',
  middleware: [requires('scores'), limitBody(MESSAGE_BYTES, MESSAGE_TYPE)],
  request: { params: subjectParameter, body: { content: { [MESSAGE_TYPE]: { schema: message } }, required: true } },
  responses: replies('Verdict and cosine.', scoreReply, ['subject_invalid', ...MESSAGE]),
});

export const unlockRoute = createRoute({
  method: 'post',
  path: '/v1/subjects/{subject}/unlock',
  summary: "Forgets a subject's misses, so that its face is asked again",
  middleware: requires('subjects'),
  request: { params: subjectParameter },
  responses: replies('Forgotten, if there were any.', doneReply, ['subject_invalid']),
});

export const deleteSubjectRoute = createRoute({
  method: 'delete',
  path: '/v1/subjects/{subject}',
  summary: 'Deletes all there is of a subject',
  middleware: requires('subjects'),
  request: { params: subjectParameter },
  responses: replies('Deleted.', doneReply, ['subject_invalid', 'not_found']),
});
