import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { XnnError } from '../../core/errors.js';
import { MODEL_VERSION_BYTES } from '../../core/spec.js';
import { dequantiseTokens } from '../../core/tokens.js';
import { readXnnMessages } from '../../protocol/recognise.js';
import type { Deployment, DeploymentRequest } from '../../wire/deployment.js';
import { toHex } from '../../wire/hex.js';
import type { Recogniser } from '../recogniser.js';
import type { Store } from '../store.js';
import { append, received, type Upload } from '../upload.js';
import type { DeploymentRow, DeploymentRows, StoredRequest } from './rows.js';
import { Tails } from './tails.js';

export interface DeploymentLimits {
  /** Of one tail. */
  readonly tailBytes: number;
  readonly deployments: number;
  /** Tails that are kept in memory, each in a process of its own. */
  readonly loaded: number;
}

export const USUAL_DEPLOYMENT_LIMITS: DeploymentLimits = { tailBytes: 1e8, deployments: 20, loaded: 4 };

export interface DeploymentParts {
  readonly rows: DeploymentRows;
  readonly store: Store;
  /** A folder for each deployment is made in it. */
  readonly folder: string;
  readonly limits: DeploymentLimits;
  /** In ms since 1970. */
  readonly now: () => number;
  /** For loading a tail and for each of its answers, in ms; 10 s if it is not set. */
  readonly patience?: number;
}

const TAIL = 'recnet.onnx';
const PATIENCE = 10_000;
/** What is not live after so long is deleted, in ms. */
const ABANDONED = 86_400_000;
/** Parts that may wait for those before them; further ones are told so at once. */
const MOST_PARTS = 8;

/** Tails that owners had trained, each served under its own gallery and threshold to browsers that hold its key. */
export class Deployments {
  readonly #parts: DeploymentParts;
  readonly #tails: Tails;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(parts: DeploymentParts) {
    this.#parts = parts;
    this.#tails = new Tails(parts.limits.loaded, parts.patience ?? PATIENCE);
  }

  /** Ends every tail. */
  close(): void {
    this.#tails.close();
  }

  /** @throws tail_too_large, quota_exceeded */
  async create(
    owned: Pick<DeploymentRow, 'gallery' | 'tenant' | 'tokenHash'>,
    request: DeploymentRequest,
  ): Promise<Deployment> {
    const { rows, limits, now } = this.#parts;
    if (request.bytes > limits.tailBytes) throw new XnnError('tail_too_large', `${request.bytes} bytes`);
    const row = { ...owned, request, model: versionOf(request), createdAt: new Date(now()) };
    const added = await rows.add(row, limits.deployments);
    if (!added) throw new XnnError('quota_exceeded', `${limits.deployments} deployments`);
    return this.#describe({ ...row, live: false });
  }

  /** Adds a part of the tail; with the last it is live. @throws what `append` throws, tail_invalid, overloaded, deployment_unknown */
  async append(gallery: Uint8Array, offset: number, part: Uint8Array): Promise<number> {
    if (this.#waiting >= MOST_PARTS) throw new XnnError('overloaded', 'uploads');
    return this.#alone(async () => {
      const row = await this.#row(gallery);
      const uploaded = await append(this.#upload(row), offset, part).catch(async (error: unknown) => {
        // It may have been deleted, and its files with it.
        await this.#row(gallery);
        throw error;
      });
      if (uploaded === row.request.bytes) await this.#parts.rows.goLive(gallery);
      return uploaded;
    });
  }

  async describe(gallery: Uint8Array): Promise<Deployment> {
    return this.#describe(await this.#row(gallery));
  }

  /** All that answer to a key and say with what proof, the latest first. */
  async ofKey(fingerprint: string): Promise<readonly Deployment[]> {
    const rows = await this.#parts.rows.ofKey(fingerprint);
    return Promise.all(rows.filter(({ request }) => request.proof !== null).map((row) => this.#describe(row)));
  }

  /** Deletes the tail and the whole gallery. */
  async remove(gallery: Uint8Array): Promise<void> {
    // From now on nobody finds it. Its row goes last: what is broken off can be done again, by its owner or by `sweep`.
    await this.#parts.rows.retire(gallery);
    this.#tails.drop(toHex(gallery));
    await this.#clear(gallery);
    // Who had found it before may have loaded it once more.
    this.#tails.drop(toHex(gallery));
    await this.#parts.rows.remove(gallery);
  }

  /** Deletes what has been abandoned: it is a day old and not live. */
  sweep(): Promise<void> {
    return this.#alone(async () => {
      const { rows, now } = this.#parts;
      for (const gallery of await rows.abandoned(new Date(now() - ABANDONED))) {
        await this.#clear(gallery);
        await rows.remove(gallery);
      }
    });
  }

  /** What answers messages for a gallery; null if no deployment that is live has it. */
  async find(gallery: Uint8Array): Promise<Recogniser | null> {
    const row = await this.#parts.rows.find(gallery);
    if (!row?.live) return null;
    const served = { model: row.model, tenant: row.gallery };
    return {
      served,
      threshold: row.request.threshold,
      read: (body, most) => {
        const messages = readXnnMessages(body, served, most);
        return {
          challenge: messages[0].challenge,
          embeddings: () => {
            const faces = messages.map(({ tokens }) => dequantiseTokens(tokens));
            return this.#tails.read(toHex(gallery), () => this.#weights(gallery), faces);
          },
        };
      },
    };
  }

  async #weights(gallery: Uint8Array): Promise<Uint8Array> {
    return readFile(join(this.#folder(gallery), TAIL)).catch((cause: unknown) => {
      throw new XnnError('model_missing', `the tail of ${toHex(gallery)}`, { cause });
    });
  }

  /** One after another: parts of one upload never mix, and one tail at a time is tried. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const done = this.#last.then(work).finally(() => this.#waiting--);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Deletes what a deployment has beside its row. */
  async #clear(gallery: Uint8Array): Promise<void> {
    await this.#parts.store.removeGallery(gallery);
    await rm(this.#folder(gallery), { recursive: true, force: true });
  }

  async #describe(row: DeploymentRow): Promise<Deployment> {
    const { encoder, scheme, key, threshold, bytes, sha256, proof } = row.request;
    return {
      deployment: toHex(row.gallery),
      model: toHex(row.model),
      encoder,
      scheme,
      key,
      threshold,
      sha256,
      proof,
      created: row.createdAt.toISOString(),
      bytes,
      uploaded: row.live ? bytes : await received(this.#upload(row)),
      live: row.live,
    };
  }

  async #row(gallery: Uint8Array): Promise<DeploymentRow> {
    const row = await this.#parts.rows.find(gallery);
    if (row === null) throw new XnnError('deployment_unknown');
    return row;
  }

  #upload({ gallery, request: { bytes, sha256 } }: DeploymentRow): Upload {
    return {
      folder: this.#folder(gallery),
      files: [{ file: TAIL, bytes, sha256 }],
      corrupt: 'model_hash_wrong',
      check: (content) => this.#tails.check(content),
    };
  }

  #folder(gallery: Uint8Array): string {
    return join(this.#parts.folder, toHex(gallery));
  }
}

function versionOf({ encoder, sha256 }: StoredRequest): Uint8Array {
  const hash = createHash('sha256').update(`xnn deployment\0${encoder}\0${sha256}`).digest();
  return new Uint8Array(hash.subarray(0, MODEL_VERSION_BYTES));
}
