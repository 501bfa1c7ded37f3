import { expose } from 'comlink';
import { XnnError } from '../core/errors.js';
import { similarity } from '../core/match.js';
import { foreignIdentity, identity, likeness, recover } from '../protocol/attack.js';
import type { KeyedModel } from '../protocol/protect.js';
import type { Judgement, Linkage, Paintings, Recovered, Verdict, WorkerAttackEngine } from './attack.js';
import {
  loadForeignJudge,
  loadLinker,
  loadPainters,
  strangersAt,
  type Attacked,
  type Linker,
  type LoadedJudge,
  type Painters,
} from './attackers.js';
import { pickBackend } from './backend.js';
import { decodeModel, loadModel, loadTail, MODEL_CACHE, type ModelFiles, type ModelSource } from './models.js';
import { coloursOf, opaque, reveal, type Pixels } from './reveal.js';
import type { Backend, Capture } from './types.js';

const BASE = new URL(import.meta.env.BASE_URL, self.location.origin).href;

type OnProgress = (fraction: number) => void;

/** What all attackers need. */
interface Parts {
  readonly files: ModelFiles;
  readonly judge: KeyedModel;
}

class PageAttackEngine implements WorkerAttackEngine {
  #parts: Parts | null = null;
  #painters: Painters | null = null;
  #foreign: LoadedJudge | null = null;
  #linker: Linker | null = null;

  async start(backend: Backend, onProgress: OnProgress): Promise<void> {
    const models = await sourceOf('models', MODEL_CACHE);
    await pickBackend(`${BASE}wasm/`, backend);
    const files = await loadModel(models, () => {});
    const tail = await loadTail(models, files.keyedModel, onProgress);
    this.#parts = { files, judge: { encoder: decodeModel(files).encoder, tail } };
  }

  async paint(capture: Capture, onProgress: OnProgress): Promise<Paintings> {
    const { files, judge } = this.#started();
    const painters = (this.#painters ??= await loadPainters(await sourceOf('attackers'), files, onProgress));
    onProgress(1);
    const begun = performance.now();
    const recovered = async (from: Attacked, features: Float32Array): Promise<Recovered> => {
      const picture = await recover(painters.weights[from], features);
      const alike = await likeness(judge, capture.face, picture);
      const strangers = strangersAt(painters.strangers, alike);
      return { picture: opaque(picture), likeness: alike, strangers, measured: painters.measured[from] };
    };
    const { mode, sent } = reveal(capture);
    const fromClean = await recovered('clean', capture.clean);
    const fromSent = mode === 'xnn-d' ? await recovered('xnn-d', sent) : null;
    return { fromClean, fromSent, threshold: painters.threshold, ms: performance.now() - begun };
  }

  async judge({ face }: Capture, { fromClean, fromSent }: Paintings, onProgress: OnProgress): Promise<Judgement> {
    this.#started();
    const foreign = (this.#foreign ??= await loadForeignJudge(await sourceOf('judge'), onProgress));
    onProgress(1);
    const begun = performance.now();
    const person = await foreignIdentity(foreign, face);
    const said = async (picture: Pixels): Promise<Verdict> => {
      const alike = similarity(person, await foreignIdentity(foreign, coloursOf(picture)));
      return { likeness: alike, strangers: strangersAt(foreign.strangers, alike) };
    };
    const ofClean = await said(fromClean.picture);
    const ofSent = fromSent === null ? null : await said(fromSent.picture);
    const { threshold, measured } = foreign;
    return { ofClean, ofSent, threshold, measured, ms: performance.now() - begun };
  }

  async link(capture: Capture, photo: Capture, onProgress: OnProgress): Promise<Linkage> {
    const { files, judge } = this.#started();
    const linker = (this.#linker ??= await loadLinker(await sourceOf('attackers'), files, onProgress));
    onProgress(1);
    const begun = performance.now();
    const theirs = await identity(judge.tail, photo.clean);
    const { mode, sent } = reveal(capture);
    const clean = similarity(await identity(judge.tail, capture.clean), theirs);
    const read = mode === 'xnn-d' ? similarity(await identity(linker.weights, sent), theirs) : null;
    return {
      fromClean: { likeness: clean, ...linker.linkable.clean },
      fromSent: read === null ? null : { likeness: read, ...linker.linkable['xnn-d'] },
      measured: linker.measured,
      ms: performance.now() - begun,
    };
  }

  /** @throws page_failed before it has started */
  #started(): Parts {
    if (this.#parts === null) throw new XnnError('page_failed', 'not started');
    return this.#parts;
  }
}

async function sourceOf(folder: string, cache = folder): Promise<ModelSource> {
  return {
    url: `${BASE}${folder}/`,
    fetch: (...request) => fetch(...request),
    // Where the browser forbids keeping anything, nothing is kept.
    cache: await caches.open(cache).catch(() => null),
  };
}

expose(new PageAttackEngine());
