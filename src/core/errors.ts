/** What can go wrong, on either side: a code for programs, a sentence for people, an HTTP status for the wire. */
const CATALOGUE = {
  // The picture
  no_face: [422, 'No face was found. Face the camera, in good light.'],
  several_faces: [422, 'More than one face was found. Only one person may be in the picture.'],
  face_too_small: [422, 'The face is too small. Come closer.'],
  face_turned: [422, 'The face is turned away. Look straight at the camera.'],
  too_dark: [422, 'The picture is too dark. Turn towards a light.'],
  too_bright: [422, 'The picture is too bright. Turn away from the light.'],
  blurred: [422, 'The picture is blurred. Hold still.'],
  image_corrupt: [422, 'This file is not a picture that can be read.'],
  image_too_large: [413, 'This picture is too large. Use one under 20 MB and 50 megapixels.'],
  too_many_images: [422, 'At most five pictures can be used.'],
  // Liveness
  face_too_large: [422, 'The face is too close. Move back a little.'],
  face_left: [422, 'The face left the picture or jumped. Stay in view, and begin again.'],
  face_changed: [422, 'The face changed during the check. One person does all of it; begin again.'],
  liveness_failed: [422, 'That was not the movement that was asked for. Begin again; it asks for others then.'],
  liveness_timeout: [422, 'The movement was not seen in time. Begin again, and turn or move a little further.'],
  frames_frozen: [422, 'The camera’s picture stands still. A photo in place of a camera cannot be used here.'],
  frames_repeated: [422, 'The camera’s picture repeats itself. A film in place of a camera cannot be used here.'],
  camera_virtual: [422, 'This camera is a program, not a device. Choose another camera.'],
  // The browser
  camera_refused: [403, 'The camera was refused. Allow it in the browser, or use photos.'],
  camera_absent: [404, 'No camera was found. Connect one, or use photos.'],
  camera_failed: [500, 'The camera stopped or is used by another program.'],
  no_backend: [500, 'This browser cannot run the face networks. It needs WebAssembly.'],
  model_missing: [503, 'The model could not be loaded. Check the connection and try again.'],
  model_hash_wrong: [500, 'The model that was loaded is not the released one, and was refused.'],
  model_invalid: [500, 'The model file does not fit this version of the app.'],
  words_invalid: [422, 'These are not the 24 words of a key. Check each, and their order.'],
  key_unkept: [500, 'This browser keeps no keys, as in some private windows. Use another window.'],
  own_key_missing: [409, 'This browser does not have the key that your face was enrolled under.'],
  passkey_failed: [403, 'No passkey was used. Your device refused or you stopped it; try again.'],
  passkeys_missing: [500, 'This browser has no passkeys.'],
  passkey_without_secret: [
    422,
    'This passkey holds no key. Choose one that was made for a key; where there is none, or the device makes none, use words.',
  ],
  page_failed: [500, 'Something went wrong in this page. Reload it and try again.'],
  server_away: [503, 'The server cannot be reached, or its answer was lost. Try again later.'],
  reply_invalid: [502, 'The server answered something that was not understood.'],
  // The message
  message_truncated: [400, 'The message ends too early.'],
  message_too_long: [413, 'The message is longer than a message can be.'],
  message_invalid: [400, 'This is not a message of this protocol.'],
  message_values_invalid: [400, 'The message holds values that no encoder makes.'],
  format_unsupported: [400, 'The message is of a format version or mode that is not served.'],
  model_unsupported: [409, 'The message was made by another version of the model. Reload the page.'],
  tenant_unknown: [403, 'The message was made for another tenant.'],
  challenge_invalid: [409, 'The challenge is unknown, used or expired. Try again.'],
  // An evaluation
  no_images: [422, 'There is no picture in this folder.'],
  too_few_identities: [422, 'Pictures of at least two people are needed, a folder for each.'],
  too_few_pairs: [422, 'There are not enough pairs of pictures for this.'],
  pairs_invalid: [422, 'This list of pairs does not fit the pictures.'],
  // The request
  request_invalid: [400, 'The request is not of the form that is expected.'],
  subject_invalid: [400, "A name has 1 to 64 letters, digits, spaces or . _ - @ ' characters."],
  subject_exists: [409, 'This name is taken. Choose another, or forget the old one first.'],
  captures_differ: [422, 'The pictures do not show the same person well enough. Take them again.'],
  identification_keyed: [422, 'Under your own key you can be verified by name, not searched for.'],
  mode_refused: [
    403,
    'Here faces are not taken in this mode, but only in the other: under your own key, or under noise.',
  ],
  removal_refused: [403, 'That receipt, or that face, does not belong to this name.'],
  receipt_refused: [
    403,
    'The cloud has nothing for this receipt any more, so it is deleted here, too. If the name is still in use, its face can have it forgotten.',
  ],
  credentials_missing: [401, 'This needs an API key.'],
  credentials_invalid: [401, 'This API key is unknown, expired or revoked.'],
  tenant_disabled: [403, 'This tenant was disabled by the operator of the server.'],
  forbidden: [403, 'This API key may not do that.'],
  limited: [429, 'Too many requests. Wait a moment and try again.'],
  overloaded: [503, 'The server has more to do than it can. Try again in a moment.'],
  database_away: [503, 'The server does not reach its database. Try again in a moment.'],
  storage_full: [503, 'The server has no room left to store anything. Try again later.'],
  login_refused: [403, 'Device and face were not accepted together. Try again, or use a recovery code.'],
  code_refused: [403, 'This recovery code is unknown or was used before. Check it, or take another.'],
  login_insufficient: [403, 'Where you are going asks for a new login, with passkey and face. Log in again.'],
  interaction_missing: [
    404,
    'This login is over or was begun in another browser. Go back to where you came from and begin again.',
  ],
  session_missing: [401, 'You are not logged in, or for this not lately enough. Log in first.'],
  origin_refused: [403, 'Only the page of this server may ask this.'],
  not_found: [404, 'There is nothing at this address.'],
  internal: [500, 'Something went wrong on the server. It was logged; try again.'],
  // The operator of a server
  tenant_missing: [404, 'There is no tenant of this name.'],
  client_missing: [404, 'There is no client of this id.'],
  tenant_exists: [409, 'There is a tenant of this name already.'],
  master_key_wrong: [500, 'The master key does not open this database.'],
  backup_invalid: [422, 'This is not a backup of this version.'],
  database_missing: [404, 'There is no database here. Name the server’s by DATA_DIR or DATABASE_URL.'],
  database_not_empty: [409, 'There is something in this database. A backup fills an empty one only.'],
  audit_broken: [422, 'The audit log was changed or cut: its chain of hashes does not hold.'],
  // The owner of pictures, who has a network trained on protected features
  passphrase_missing: [400, 'A passphrase is needed. Type it, or name a file that holds it.'],
  passphrase_weak: [422, 'A passphrase has at least 12 characters.'],
  passphrase_differs: [422, 'The two passphrases are not the same.'],
  passphrase_wrong: [403, 'This passphrase does not open the key file.'],
  key_invalid: [422, 'There is no key file of this version here.'],
  encoder_differs: [409, 'This was made for another version of the encoder.'],
  file_exists: [409, 'Something of this name is there already. It was not overwritten.'],
  file_unwritable: [500, 'A file could not be written. There may be no room for it, or no right to write there.'],
  resume_refused: [409, 'What was begun here had other pictures or another key. Go on with those, or delete it.'],
  bundle_invalid: [422, 'This is not a bundle of this version.'],
  bundle_truncated: [422, 'A part of the bundle is missing or cut off.'],
  bundle_corrupt: [422, 'A part of the bundle is not the one that its manifest names.'],
  tail_invalid: [422, 'This is not a network for protected features.'],
  // Training and serving in the cloud
  trainer_missing: [503, 'This cloud cannot train: it has no Python with PyTorch.'],
  training_failed: [
    500,
    'The training ended before it was done. The operator of the cloud finds the reason in its log.',
  ],
  bundle_too_large: [413, 'The bundle is larger than this cloud takes.'],
  tail_too_large: [413, 'The network is larger than this cloud takes.'],
  quota_exceeded: [429, 'This cloud holds as much as it may. Delete what is no longer needed, or try again later.'],
  upload_offset_wrong: [409, 'The part does not begin where the upload stands.'],
  job_unknown: [404, 'There is no such training job, or this is not its token.'],
  job_state_wrong: [409, 'The training job is not at a point where this can be done.'],
  deployment_unknown: [404, 'There is no such deployment, or this is not its token.'],
  key_unserved: [404, 'No network in this cloud was trained with this key.'],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorCode = keyof typeof CATALOGUE;

export const ERROR_CODES = Object.keys(CATALOGUE) as [ErrorCode, ...ErrorCode[]];

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(CATALOGUE, value);
}

/** The sentence a person is shown for a code. */
export function sentence(code: ErrorCode): string {
  return CATALOGUE[code][1];
}

export function httpStatus(code: ErrorCode): (typeof CATALOGUE)[ErrorCode][0] {
  return CATALOGUE[code][0];
}

/** The one error class. `message` is for developers and logs and never holds a feature, a name or a token. */
export class XnnError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown }) {
    super(detail === undefined ? code : `${code}: ${detail}`, options);
    this.name = 'XnnError';
    this.code = code;
  }
}
