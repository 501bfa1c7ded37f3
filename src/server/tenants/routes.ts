import { createRoute, z } from '@hono/zod-openapi';
import { MAX_SUBJECT_LENGTH, TENANT_BYTES } from '../../core/spec.js';
import {
  ROLES,
  SCOPES,
  TENANT_MODES,
  type AuditReply,
  type ClientsReply,
  type DisableRequest,
  type DoneReply,
  type KeyRequest,
  type KeysReply,
  type NewClientReply,
  type NewClientRequest,
  type NewKeyReply,
  type NewTenantReply,
  type NewTenantRequest,
  type OwnKeyReply,
  type ScoreReply,
  type SearchReply,
  type SearchRequest,
  type TenantReply,
  type TenantRequest,
  type TenantsReply,
  type WebhookReply,
} from '../../wire/admin.js';
import { MESSAGE_TYPE, SUBJECT_PATTERN } from '../../wire/api.js';
import { MESSAGE_BYTES } from '../../wire/message.js';
import { limitBody } from '../body.js';
import { hex, message, MESSAGE, replies, schemaOf, subject, subjectParameter } from '../routes.js';
import { requires } from './authenticate.js';

const MOST_JSON = 4_096;
const limitJson = limitBody(MOST_JSON, 'application/json');

/** An address that may be told: HTTPS, or this machine for trying it. */
export const webhookAddress = z.url().refine((address) => {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  const isPlain = protocol === 'http:' && ['localhost', '127.0.0.1'].includes(hostname);
  return (protocol === 'https:' || isPlain) && username === '' && password === '';
});
const settings = {
  threshold: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .openapi({ description: "Cosine, under noise; null for the release's." }),
  keyedThreshold: z.number().min(0).max(1).nullable().openapi({ description: "The same under their owner's key." }),
  perMinute: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .nullable()
    .openapi({ description: "Requests that are not GET a minute, at most the server's; null for the server's." }),
  retentionDays: z.int().min(1).max(36_500).nullable(),
  isPublic: z.boolean().openapi({ description: 'Whether requests without a key may be its own.' }),
  webhook: webhookAddress.nullable(),
  modes: z.array(z.enum(TENANT_MODES)).min(1).readonly().openapi({
    description: 'How faces may be protected that are enrolled and asked: by noise, by their owner’s key.',
  }),
};
const scope = z.enum(SCOPES);
const role = z.enum(ROLES);
const date = z.string().openapi({ format: 'date-time' });
const keyParameter = z.object({ id: hex(8) });

const tenantReply = schemaOf<TenantReply>()(
  z.object({ id: hex(TENANT_BYTES), name: z.string(), ...settings }).openapi('Tenant'),
);
const ownKeyReply = schemaOf<OwnKeyReply>()(
  z.object({ id: hex(8), scopes: z.array(scope).readonly() }).openapi('OwnKey'),
);
const webhookReply = schemaOf<WebhookReply>()(
  z
    .object({
      secret: hex(32).openapi({ description: 'What deliveries are signed with, as text.' }),
      delivered: z.int().openapi({ description: 'Number of the last entry of the audit log that was taken.' }),
    })
    .openapi('Webhook'),
);
const searchRequest = schemaOf<SearchRequest>()(
  z
    .strictObject({
      name: z
        .string()
        .normalize('NFC')
        .max(MAX_SUBJECT_LENGTH)
        .optional()
        .openapi({ description: 'A part of it, of either case.' }),
      after: subject.optional().openapi({ description: 'The last name of the page before.' }),
    })
    .openapi('SubjectSearch'),
);
const searchReply = schemaOf<SearchReply>()(
  z
    .object({
      total: z.int(),
      more: z.boolean(),
      subjects: z
        .array(
          z.object({
            subject,
            enrolledAt: date,
            mode: z.enum(TENANT_MODES).nullable(),
            misses: z.int(),
            lock: z.enum(['open', 'paced', 'locked']),
          }),
        )
        .readonly(),
    })
    .openapi('Subjects'),
);
const tenantsReply = schemaOf<TenantsReply>()(
  z
    .object({
      tenants: z
        .array(z.object({ id: hex(TENANT_BYTES), name: z.string(), createdAt: date, disabledAt: date.nullable() }))
        .readonly(),
    })
    .openapi('Tenants'),
);
/** As names of subjects are. */
const name = z.string().normalize('NFC').regex(SUBJECT_PATTERN);
const newTenantRequest = schemaOf<NewTenantRequest>()(z.strictObject({ name }).openapi('NewTenantRequest'));
const newTenantReply = schemaOf<NewTenantReply>()(
  z
    .object({
      tenant: hex(TENANT_BYTES),
      id: hex(8),
      key: z.string().openapi({ description: "Its owner's first, shown once." }),
    })
    .openapi('NewTenant'),
);
const disableRequest = schemaOf<DisableRequest>()(z.strictObject({ disabled: z.boolean() }).openapi('DisableRequest'));
const clientSettings = { name, redirectUris: z.array(z.url()).min(1).max(10).readonly(), faceOnly: z.boolean() };
const clientsReply = schemaOf<ClientsReply>()(
  z
    .object({ clients: z.array(z.object({ id: hex(8), ...clientSettings, createdAt: date })).readonly() })
    .openapi('Clients'),
);
const newClientRequest = schemaOf<NewClientRequest>()(z.strictObject(clientSettings).openapi('NewClientRequest'));
const newClientReply = schemaOf<NewClientReply>()(
  z.object({ id: hex(8), secret: z.string().openapi({ description: 'Shown once.' }) }).openapi('NewClient'),
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

export const ownKeyRoute = createRoute({
  method: 'get',
  path: '/v1/key',
  summary: 'What the key that asks may do',
  middleware: requires('tenant'),
  responses: replies('Its scopes.', ownKeyReply),
});

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

export const webhookRoute = createRoute({
  method: 'get',
  path: '/v1/tenant/webhook',
  summary: "What the tenant's webhook is signed with, and how far it was told",
  middleware: requires('settings'),
  responses: replies('Secret and number.', webhookReply),
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
  summary: 'A new API key, which may do no more than the one that asks, and ends no later',
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

const seq = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const auditRoute = createRoute({
  method: 'get',
  path: '/v1/audit',
  summary: "The tenant's audit log: up to 1,000 entries after a given one, or the last 50 before one",
  middleware: requires('audit'),
  request: { query: z.object({ after: seq.default(0), before: seq.optional() }) },
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

export const searchRoute = createRoute({
  method: 'post',
  path: '/v1/subjects/search',
  summary: 'Subjects by name, up to 50 at a time, and whether they are locked',
  middleware: [requires('subjects'), limitJson],
  request: { body: json(searchRequest) },
  responses: replies('A page of them.', searchReply, ['request_invalid']),
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

export const tenantsRoute = createRoute({
  method: 'get',
  path: '/v1/tenants',
  summary: 'All tenants of this server, for its operator: names, not what is theirs',
  middleware: requires('tenants'),
  responses: replies('They are.', tenantsReply),
});

export const createTenantRoute = createRoute({
  method: 'post',
  path: '/v1/tenants',
  summary: "A new tenant, and its owner's first key",
  middleware: [requires('tenants'), limitJson],
  request: { body: json(newTenantRequest) },
  responses: replies('The key, shown this once.', newTenantReply, ['request_invalid', 'tenant_exists']),
});

export const disableTenantRoute = createRoute({
  method: 'patch',
  path: '/v1/tenants/{id}',
  summary: "Has another tenant's keys refused, or no more",
  middleware: [requires('tenants'), limitJson],
  request: { params: z.object({ id: hex(TENANT_BYTES) }), body: json(disableRequest) },
  responses: replies('Done.', doneReply, ['request_invalid', 'tenant_missing']),
});

export const clientsRoute = createRoute({
  method: 'get',
  path: '/v1/clients',
  summary: 'Clients of the OpenID Connect provider, without their secrets',
  middleware: requires('clients'),
  responses: replies('They are.', clientsReply),
});

export const createClientRoute = createRoute({
  method: 'post',
  path: '/v1/clients',
  summary: 'A new client of the OpenID Connect provider',
  middleware: [requires('clients'), limitJson],
  request: { body: json(newClientRequest) },
  responses: replies('The secret, shown this once.', newClientReply, ['request_invalid']),
});

export const deleteClientRoute = createRoute({
  method: 'delete',
  path: '/v1/clients/{id}',
  summary: 'Deletes a client of the OpenID Connect provider at once',
  middleware: requires('clients'),
  request: { params: keyParameter },
  responses: replies('Deleted.', doneReply, ['request_invalid', 'client_missing']),
});
