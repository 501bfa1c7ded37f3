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
import { loadTail, type Tail } from '../tail.js';
import { append, received, type Upload } from '../upload.js';
import type { DeploymentRow, DeploymentRows } from './rows.js';

export interface DeploymentLimits {
  /** Of one tail. */
  readonly tailBytes: number;
  readonly deployments: number;
  /** Tails that are kept in memory. */
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
}

const TAIL = 'recnet.onnx';

/** Tails that owners had trained, each served under its own gallery and threshold to browsers that hold its key. */
export class Deployments {
  readonly #parts: DeploymentParts;
  /** The least recently used first. */
  readonly #loaded = new Map<string, Promise<Tail>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: DeploymentParts) {
    this.#parts = parts;
  }

  /** @throws tail_too_large, quota_exceeded */
  async create(
    owned: Pick<DeploymentRow, 'gallery' | 'tenant' | 'tokenHash'>,
    request: DeploymentRequest,
  ): Promise<Deployment> {
    const { rows, limits, now } = this.#parts;
    if (request.bytes > limits.tailBytes) throw new XnnError('tail_too_large', `${request.bytes} bytes`);
    if ((await rows.count()) >= limits.deployments)
      throw new XnnError('quota_exceeded', `${limits.deployments} deployments`);
    const row = { ...owned, request, model: versionOf(request), createdAt: new Date(now()) };
    await rows.add(row);
    return this.#describe({ ...row, live: false });
  }

  /** Adds a part of the tail; with the last it is live. @throws what `append` throws, and tail_invalid */
  append(gallery: Uint8Array, offset: number, part: Uint8Array): Promise<number> {
    const done = this.#last.then(async () => {
      const row = await this.#row(gallery);
      const uploaded = await append(this.#upload(row), offset, part);
      if (uploaded === row.request.bytes) await this.#parts.rows.goLive(gallery);
      return uploaded;
    });
    this.#last = done.catch(() => {});
    return done;
  }

  async describe(gallery: Uint8Array): Promise<Deployment> {
    return this.#describe(await this.#row(gallery));
  }

  async ofKey(fingerprint: string): Promise<readonly Deployment[]> {
    const rows = await this.#parts.rows.ofKey(fingerprint);
    return Promise.all(rows.map((row) => this.#describe(row)));
  }

  /** Deletes the tail and the whole gallery. */
  async remove(gallery: Uint8Array): Promise<void> {
    const { rows, store } = this.#parts;
    this.#loaded.delete(toHex(gallery));
    await rows.remove(gallery);
    await store.removeGallery(gallery);
    await rm(this.#folder(gallery), { recursive: true, force: true });
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
          embeddings: async () => {
            const tail = await this.#tail(gallery);
            return Promise.all(messages.map(({ tokens }) => tail(dequantiseTokens(tokens))));
          },
        };
      },
    };
  }

  #tail(gallery: Uint8Array): Promise<Tail> {
    const name = toHex(gallery);
    const tail =
      this.#loaded.get(name) ??
      readFile(join(this.#folder(gallery), TAIL)).then(loadTail, (cause: unknown) => {
        throw new XnnError('model_missing', `the tail of ${name}`, { cause });
      });
    this.#loaded.delete(name);
    this.#loaded.set(name, tail);
    tail.catch(() => this.#loaded.delete(name));
    const [oldest] = this.#loaded.keys();
    if (this.#loaded.size > this.#parts.limits.loaded && oldest !== undefined) this.#loaded.delete(oldest);
    return tail;
  }

  async #describe(row: DeploymentRow): Promise<Deployment> {
    const { encoder, scheme, key, bytes } = row.request;
    return {
      deployment: toHex(row.gallery),
      model: toHex(row.model),
      encoder,
      scheme,
      key,
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
      check: async (content) => void (await loadTail(content)),
    };
  }

  #folder(gallery: Uint8Array): string {
    return join(this.#parts.folder, toHex(gallery));
  }
}

function versionOf({ encoder, sha256 }: DeploymentRequest): Uint8Array {
  const hash = createHash('sha256').update(`xnn deployment\0${encoder}\0${sha256}`).digest();
  return new Uint8Array(hash.subarray(0, MODEL_VERSION_BYTES));
}
