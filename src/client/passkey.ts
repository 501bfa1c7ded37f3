import {
  browserSupportsWebAuthn,
  bufferToBase64URLString,
  startAuthentication,
  startRegistration,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/browser';
import { XnnError } from '../core/errors.js';
import { CHALLENGE_BYTES } from '../core/spec.js';

// Passkeys (WebAuthn Level 3) as the login and the own key use them. Whoever asks for one throws passkeys_missing in a browser without them, and
// passkey_failed if the device refused or the person stopped it.

const USER_VERIFICATION = 'required';
/** ES256 and RS256, which all devices have between them. */
const ALGORITHMS = [-7, -257];
/** How long a person may take with his device, in ms. */
const PATIENCE = 120_000;
/** Asks for the passkey's pseudorandom function of a constant. The browser hashes it with a prefix of its own before the device sees it. */
const PRF = { prf: { eval: { first: new TextEncoder().encode('xnn own key') } } };
/** By their users' handles, passkeys of an own key are told from those of the login. */
const HANDLE = new TextEncoder().encode('xnn own key ');

export interface NewPasskey {
  readonly rpId: string;
  /** What a person sees it called. */
  readonly name: string;
  /** Of the user, at most 64 bytes. */
  readonly handle: Uint8Array;
  /** In base64url. */
  readonly challenge: string;
}

export function makePasskey(
  { rpId, name, handle, challenge }: NewPasskey,
  extensions = {},
): Promise<RegistrationResponseJSON> {
  return withDevice(() =>
    startRegistration({
      optionsJSON: {
        rp: { id: rpId, name: 'XNN-d' },
        user: { id: base64url(handle), name, displayName: name },
        challenge,
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'required', userVerification: USER_VERIFICATION },
        timeout: PATIENCE,
        extensions,
      },
    }),
  );
}

/** @param challenge in base64url */
export function askPasskey(rpId: string, challenge: string, more = {}): Promise<AuthenticationResponseJSON> {
  return withDevice(() =>
    startAuthentication({
      optionsJSON: { rpId, challenge, userVerification: USER_VERIFICATION, timeout: PATIENCE, ...more },
    }),
  );
}

/**
 * 32 secret bytes of a passkey made for them, the same on every device that it is synced to. Nobody checks what it signs: the secret is the proof.
 *
 * @throws passkey_without_secret if browser or device lack WebAuthn's PRF extension
 */
export async function newPasskeySecret(rpId: string): Promise<Uint8Array<ArrayBuffer>> {
  const handle = Uint8Array.from([...HANDLE, ...someBytes()]);
  const name = `Own key, ${new Date().toISOString().slice(0, 10)}`;
  const made = await makePasskey({ rpId, name, handle, challenge: base64url(someBytes()) }, PRF);
  if (made.clientExtensionResults.prf?.enabled !== true) throw new XnnError('passkey_without_secret');
  // Many devices answer only who asks them once more.
  const allowCredentials = [{ id: made.id, type: 'public-key' }];
  return (
    secretOf(made) ??
    secretOf(await askPasskey(rpId, base64url(someBytes()), { allowCredentials, extensions: PRF })) ??
    missing()
  );
}

/** The same bytes again. @throws passkey_without_secret also if another passkey was chosen than one that was made for a key */
export async function passkeySecret(rpId: string): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await askPasskey(rpId, base64url(someBytes()), { extensions: PRF });
  const isOurs = answer.response.userHandle?.startsWith(base64url(HANDLE)) === true;
  return (isOurs ? secretOf(answer) : null) ?? missing();
}

function secretOf(answer: RegistrationResponseJSON | AuthenticationResponseJSON): Uint8Array<ArrayBuffer> | null {
  const first = answer.clientExtensionResults.prf?.results?.first;
  return first instanceof ArrayBuffer ? new Uint8Array(first) : null;
}

function missing(): never {
  throw new XnnError('passkey_without_secret');
}

async function withDevice<T>(act: () => Promise<T>): Promise<T> {
  if (!browserSupportsWebAuthn()) throw new XnnError('passkeys_missing');
  try {
    return await act();
  } catch (cause) {
    throw new XnnError('passkey_failed', undefined, { cause });
  }
}

function someBytes(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES));
}

export function base64url(bytes: Uint8Array): string {
  return bufferToBase64URLString(Uint8Array.from(bytes).buffer);
}
