import { expose } from 'comlink';
import { XnnError } from '../core/errors.js';
import { likeness, recover } from '../protocol/attack.js';
import type { KeyedModel } from '../protocol/protect.js';
import type { Attack, Recovered, WorkerAttackEngine } from './attack.js';
import { loadAttackers, strangersAt, type Attacked, type Attackers } from './attackers.js';
import { pickBackend } from './backend.js';
import { decodeModel, loadModel, loadTail } from './models.js';
import { opaque, reveal } from './reveal.js';
import type { Backend, Capture } from './types.js';

const BASE = new URL(import.meta.env.BASE_URL, self.location.origin).href;

class PageAttackEngine implements WorkerAttackEngine {
  #parts: { readonly attackers: Attackers; readonly judge: KeyedModel } | null = null;

  async start(backend: Backend, onProgress: (fraction: number) => void): Promise<void> {
    const source = async (folder: string) => ({
      url: `${BASE}${folder}/`,
      fetch: ((...request) => fetch(...request)) as typeof fetch,
      // Where the browser forbids keeping anything, nothing is kept.
      cache: await caches.open(folder).catch(() => null),
    });
    const models = await source('models');
    await pickBackend(`${BASE}wasm/`, backend);
    const files = await loadModel(models, () => {});
    const tail = await loadTail(models, files.keyedModel);
    const attackers = await loadAttackers(await source('attackers'), files, onProgress);
    this.#parts = { attackers, judge: { encoder: decodeModel(files).encoder, tail } };
  }

  async attack(capture: Capture): Promise<Attack> {
    if (this.#parts === null) throw new XnnError('page_failed', 'not started');
    const begun = performance.now();
    const { mode, sent } = reveal(capture);
    const fromClean = await this.#recovered('clean', capture.clean, capture.face);
    const fromSent = mode === 'xnn-d' ? await this.#recovered('xnn-d', sent, capture.face) : null;
    return { fromClean, fromSent, threshold: this.#parts.attackers.threshold, ms: performance.now() - begun };
  }

  async #recovered(from: Attacked, features: Float32Array, face: Uint8Array): Promise<Recovered> {
    const { attackers, judge } = this.#parts!;
    const picture = await recover(attackers.painters[from], features);
    const alike = await likeness(judge, face, picture);
    return {
      picture: opaque(picture),
      likeness: alike,
      strangers: strangersAt(attackers.strangers, alike),
      measured: attackers.measured[from],
    };
  }
}

expose(new PageAttackEngine());
