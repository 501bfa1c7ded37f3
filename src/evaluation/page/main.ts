import { canvasFor } from '../../client/detect.js';
import { openEngine } from '../../client/engine.js';
import { ownKeyOf } from '../../client/own-key.js';
import { XnnError } from '../../core/errors.js';
import { CHALLENGE_BYTES, MODEL_VERSION_BYTES, SECRET_BYTES, TENANT_BYTES } from '../../core/spec.js';
import { fromHex } from '../../wire/hex.js';
import { bind } from '../../wire/message.js';
import {
  CHALLENGE_HEADER,
  MADE_HEADER,
  type Making,
  type Produced,
  type Refusal,
  type StartedReply,
  type Task,
} from '../task.js';
import { openDetector } from './detector.js';
import { openStage } from './liveness/play.js';

/** Images on their way at once: one is loaded and one handed in while a third is worked on. */
const IN_FLIGHT = 3;
/**
 * Parts of an image that are shown to the product, one after another, until it sees one face. It refuses pictures of several people;
 * sets of faces have the one they mean in the centre.
 */
const PARTS = [1, 0.8, 0.65];

/** Makes one image into what the task asks for. */
interface Producer {
  readonly started: StartedReply;
  /** @returns a refusal or rejects with one, if it makes nothing of the image */
  produce(image: Blob, challenge: string): Promise<Produced | Refusal>;
  dispose(): void;
}

type Made = { readonly bytes: Uint8Array<ArrayBuffer>; readonly making: Making };

async function main(): Promise<void> {
  const task = (await (await fetch('/task')).json()) as Task;
  let producer = await open(task);
  await post('/started', JSON.stringify(producer.started));

  const attempt = async (image: Blob, challenge: string): Promise<Made | Refusal> => {
    let refusal: Refusal = { code: 'no_face', detail: 'nothing was tried' };
    // Key points of a part would not be in pixels of the image.
    for (const part of task.output === 'points' || task.output === 'liveness' ? [1] : PARTS) {
      const made = await producer.produce(part === 1 ? image : await centre(image, part), challenge).catch(refusalOf);
      if ('bytes' in made) return { bytes: made.bytes, making: { stageMs: made.stageMs, part } };
      refusal = made;
      if (refusal.code !== 'several_faces') break;
    }
    // A worker that an image broke answers nothing more: the next image gets another.
    if (refusal.code === 'page_failed') {
      producer.dispose();
      producer = await open(task);
    }
    return refusal;
  };

  let free: Promise<unknown> = Promise.resolve();
  let next = 0;
  const work = async () => {
    while (next < task.images) {
      const index = next++;
      const response = await fetch(`/images/${index}`);
      const image = await response.blob();
      const challenge = response.headers.get(CHALLENGE_HEADER) ?? '';
      // One at a time, or the times of the stages would count waiting for one another.
      const made = free.then(() => attempt(image, challenge));
      free = made;
      await handIn(index, await made);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

async function open(task: Task): Promise<Producer> {
  if (task.output === 'points') return { started: null, ...openDetector() };
  const engine = openEngine();
  const started = await engine.start({ backend: task.backend }, () => {});
  if (task.output === 'liveness') {
    return { started, ...openStage(engine) };
  }
  const isKeyed = task.output === 'keyed';
  const bound = {
    model: fromHex(isKeyed ? started.keyedModel : started.model, MODEL_VERSION_BYTES),
    tenant: fromHex(task.tenant, TENANT_BYTES),
  };
  const protection = isKeyed
    ? { key: (await ownKeyOf(new Uint8Array(SECRET_BYTES).fill(1))).key, tenant: bound.tenant }
    : 'noise';
  if (isKeyed) await engine.prepareKeyed();
  return {
    started,
    async produce(image, challenge) {
      const header = { ...bound, challenge: fromHex(challenge, CHALLENGE_BYTES) };
      const { message, clean, stageMs } = await engine.capture(image, protection);
      bind(message, header);
      return { bytes: new Uint8Array(task.output === 'clean' ? Float32Array.from(clean).buffer : message), stageMs };
    },
    dispose: () => engine.dispose(),
  };
}

/** The middle of an image, `part` of its width and height, as a file of its own. */
async function centre(image: Blob, part: number): Promise<Blob> {
  const whole = await createImageBitmap(image, { imageOrientation: 'from-image' });
  const [width, height] = [Math.ceil(part * whole.width), Math.ceil(part * whole.height)];
  // No larger than the product looks at: as a file without loss it would weigh more than the product takes.
  const { canvas, context, scale } = canvasFor(width, height);
  context.scale(scale, scale);
  context.drawImage(whole, Math.round((width - whole.width) / 2), Math.round((height - whole.height) / 2));
  whole.close();
  return canvas.convertToBlob();
}

async function handIn(index: number, made: Made | Refusal): Promise<void> {
  if (!('bytes' in made)) return post(`/results/${index}`, JSON.stringify(made));
  await post(`/results/${index}`, made.bytes, { [MADE_HEADER]: JSON.stringify(made.making) });
}

async function post(address: string, body: BodyInit, headers?: HeadersInit): Promise<void> {
  const { ok, status } = await fetch(address, { method: 'POST', body, ...(headers && { headers }) });
  if (!ok) throw new Error(`${address} answered ${status}`);
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof XnnError) return { code: error.code, detail: error.message };
  return { code: 'page_failed', detail: String(error) };
}

main().catch((error: unknown) => post('/started', JSON.stringify(refusalOf(error))));
