import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/** Routes of the login, which the page that this server serves may ask, and no other. */
export const LOGIN_ROUTES = {
  challenges: '/v1/login/challenges',
  accounts: '/v1/login/accounts',
  sessions: '/v1/login/sessions',
  recoveries: '/v1/login/recoveries',
  session: '/v1/login/session',
  account: '/v1/login/account',
  template: '/v1/login/account/template',
  codes: '/v1/login/account/codes',
  devices: '/v1/login/account/devices',
  device: (id: string) => `/v1/login/account/devices/${id}`,
  ownSession: (id: string) => `/v1/login/account/sessions/${id}`,
  interaction: (uid: string) => `/v1/login/interactions/${uid}`,
  interactionClient: (uid: string) => `/v1/login/interactions/${uid}/client`,
} as const;

/** The page of an interaction, by which a client of the OpenID Connect provider has somebody log in. */
export const interactionPage = (uid: string) => `/demo/login?interaction=${encodeURIComponent(uid)}`;

/** POST challenges: what messages and the device's key are bound to. */
export interface LoginChallenge {
  /** 32 hexadecimal digits, to be used in one request. */
  readonly challenge: string;
  /** 16 hexadecimal digits. */
  readonly model: string;
  /** 32 hexadecimal digits. */
  readonly tenant: string;
}

/** POST accounts: one to five messages, and the new key of a device, which signed their binding. */
export interface RegistrationRequest {
  readonly name: string;
  /** 32 hexadecimal digits. */
  readonly challenge: string;
  /** Base64url. */
  readonly messages: string;
  /** RegistrationResponseJSON of WebAuthn. */
  readonly device: unknown;
}

/** POST sessions: one message, and the device's signature of its binding. */
export interface LoginRequest {
  readonly challenge: string;
  readonly messages: string;
  /** AuthenticationResponseJSON of WebAuthn. */
  readonly device: unknown;
}

/** POST recoveries. */
export interface RecoveryRequest {
  readonly code: string;
}

/** PUT template: one to five messages. */
export interface RenewalRequest {
  readonly challenge: string;
  readonly messages: string;
}

/** POST devices: a further key, which signed a binding without messages. */
export interface DeviceRequest {
  readonly challenge: string;
  readonly device: unknown;
}

/** GET session: asked by a page before it asks for the account, which is refused without a session. */
export interface SessionReply {
  readonly loggedIn: boolean;
}

/** Recovery codes, shown this once. */
export interface CodesReply {
  readonly codes: readonly string[];
}

/** GET interactions/{uid}/client: who asks for the login, and whether only passkey and face will do. */
export interface ClientReply {
  readonly client: string;
  readonly faceOnly: boolean;
}

/** POST interactions/{uid} goes on with the session's login, DELETE without one: where to. */
export interface LocationReply {
  readonly location: string;
}

/** GET account. Dates in ISO 8601. */
export interface AccountReply {
  readonly name: string;
  /** How the session began: face and device key, or a recovery code. */
  readonly by: 'face' | 'recovery';
  readonly hasTemplate: boolean;
  readonly codesLeft: number;
  /** Whether some are shorter than those that are made now. */
  readonly codesShort: boolean;
  readonly devices: readonly { readonly id: string; readonly createdAt: string; readonly usedAt: string }[];
  /** Where one is logged in, the latest first. */
  readonly sessions: readonly {
    readonly id: string;
    readonly by: 'face' | 'recovery';
    readonly begunAt: string;
    /** Whether it is the one that asks. */
    readonly current: boolean;
  }[];
  /** The newest thousand entries of the audit log about this account, oldest first. */
  readonly trail: readonly { readonly at: string; readonly action: string; readonly outcome: string }[];
}

/**
 * What a device's key signs, as the challenge of WebAuthn: SHA-256 of
 *
 *   struct {
 *     u8 label[]         "xnn-login-v1"
 *     u8 challenge[16]   single use
 *     u8 messages[32]    SHA-256 of the face messages
 *     u8 tenant[16]
 *     u8 origin[]        of the page, UTF-8
 *   }
 *
 * so that neither half can be replayed with another.
 */
export function bindingOf(
  { challenge, tenant, origin }: { challenge: Uint8Array; tenant: Uint8Array; origin: string },
  messages: Uint8Array,
): Uint8Array {
  return sha256(concatBytes(utf8ToBytes('xnn-login-v1'), challenge, sha256(messages), tenant, utf8ToBytes(origin)));
}
