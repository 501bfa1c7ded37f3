import { isErrorCode, XnnError } from '../core/errors.js';
import type { DeploymentTerms } from '../core/proof.js';
import {
  MESSAGE_TYPE,
  ROUTES,
  type ChallengeReply,
  type EnrolmentReply,
  type IdentificationReply,
  type RemovalReply,
  type ServiceReply,
  type VerificationReply,
} from '../wire/api.js';
import type { Fetch } from './download.js';

/** Longest wait for an answer, in ms. */
const PATIENCE = 30_000;

/**
 * The cloud as the browser sees it, a method a route. Every method rejects with `XnnError` only: server_away, reply_invalid, or the
 * code the server answered.
 */
export interface Cloud {
  service(): Promise<ServiceReply>;
  challenge(): Promise<ChallengeReply>;
  /** @param messages one to five, one after another */
  enrol(subject: string, messages: Uint8Array<ArrayBuffer>): Promise<EnrolmentReply>;
  verify(subject: string, message: Uint8Array<ArrayBuffer>): Promise<VerificationReply>;
  identify(message: Uint8Array<ArrayBuffer>): Promise<IdentificationReply>;
  /**
   * @param proof the receipt of the enrolment, or a message that shows the subject's face
   * @param tenant whose gallery a receipt is for, if not the cloud's own
   */
  remove(subject: string, proof: string | Uint8Array<ArrayBuffer>, tenant?: string): Promise<RemovalReply>;
  /** What is said to be served for a key, the latest first. Anybody may have put it there. */
  deployments(fingerprint: string): Promise<readonly Offer[]>;
}

/** A gallery and the version of its networks, in hexadecimal digits. */
export type Served = Pick<ServiceReply, 'model' | 'tenant'>;

/** A deployment, and the proof that it was made by somebody who has the key. */
export interface Offer extends Served, DeploymentTerms {
  /** 64 hexadecimal digits. */
  readonly proof: string;
}

/** The reply in the fields of a JSON object; null if it is not there. */
export type Reader<T> = (fields: Readonly<Record<string, unknown>>) => T | null;

/** @param address of the cloud, without a slash at the end; empty for the one that served the page */
export function connectCloud(address = '', fetch: Fetch = (...request) => globalThis.fetch(...request)): Cloud {
  const ask = <T>(path: string, init: RequestInit, read: Reader<T>) => askFor(fetch, address + path, init, read);
  const posted = (body: BodyInit, type: string): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });

  return {
    service: () =>
      ask(ROUTES.service, {}, ({ model, keyedModel, tenant }) =>
        isHex(model, 16) && isHex(keyedModel, 16) && isHex(tenant, 32) ? { model, keyedModel, tenant } : null,
      ),
    challenge: () =>
      ask(ROUTES.challenges, { method: 'POST' }, ({ challenge, expiresIn }) =>
        isHex(challenge, 32) && typeof expiresIn === 'number' ? { challenge, expiresIn } : null,
      ),
    enrol: (subject, messages) =>
      ask(ROUTES.enrolment(subject), posted(messages, MESSAGE_TYPE), (reply) =>
        reply['subject'] === subject && isHex(reply['receipt'], 64) ? { subject, receipt: reply['receipt'] } : null,
      ),
    verify: (subject, message) =>
      ask(ROUTES.verification(subject), posted(message, MESSAGE_TYPE), ({ verdict }) =>
        verdict === 'match' || verdict === 'no_match' ? { verdict } : null,
      ),
    identify: (message) =>
      ask<IdentificationReply>(ROUTES.identification, posted(message, MESSAGE_TYPE), ({ verdict, subject }) => {
        if (verdict === 'no_match') return { verdict };
        return verdict === 'match' && typeof subject === 'string' ? { verdict, subject } : null;
      }),
    remove: (subject, proof, tenant) =>
      ask(
        ROUTES.removal(subject),
        typeof proof === 'string'
          ? posted(JSON.stringify({ receipt: proof, tenant }), 'application/json')
          : posted(proof, MESSAGE_TYPE),
        ({ removed }) => (removed === true ? { removed } : null),
      ),
    deployments: (fingerprint) =>
      ask(`/v1/deployments?key=${fingerprint}`, {}, ({ deployments }) => {
        if (!Array.isArray(deployments)) return null;
        const read = deployments.map(offerOf);
        return read.every((offer) => offer !== null) ? read : null;
      }),
  };
}

function offerOf(entry: unknown): Offer | null {
  const { deployment: tenant, model, encoder, sha256, threshold, proof } = fields(entry);
  if (!isHex(tenant, 32) || !isHex(model, 16) || !isHex(encoder, 16) || !isHex(sha256, 64)) return null;
  return typeof threshold === 'number' && isHex(proof, 64)
    ? { tenant, model, encoder, sha256, threshold, proof }
    : null;
}

/** One request, and its reply as `read` understands it. @throws server_away, reply_invalid, or the code the server answered */
export async function askFor<T>(fetch: Fetch, url: string, init: RequestInit, read: Reader<T>): Promise<T> {
  const { ok, body } = await exchange(fetch, url, init);
  const value = ok ? read(fields(body)) : null;
  if (value !== null) return value;
  const { code } = fields(fields(body)['error']);
  throw new XnnError(!ok && isErrorCode(code) ? code : 'reply_invalid');
}

/** One request. The body is undefined if it is not JSON. @throws server_away */
async function exchange(fetch: Fetch, url: string, init: RequestInit): Promise<{ ok: boolean; body: unknown }> {
  try {
    const response = await fetch(url, { ...init, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    return { ok: response.ok, body: parsed(await response.text()) };
  } catch (cause) {
    throw new XnnError('server_away', undefined, { cause });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function isHex(value: unknown, digits: number): value is string {
  return typeof value === 'string' && value.length === digits && /^[0-9a-f]*$/.test(value);
}
