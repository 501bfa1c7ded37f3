import { releaseProxy, wrap, type Remote } from 'comlink';
import { isErrorCode, XnnError } from '../core/errors.js';

/** What a worker exposes, as the page reaches it. */
export interface Reached<Exposed> {
  readonly remote: Remote<Exposed>;
  /** A call's answer. Rejects with `XnnError` only. */
  readonly answered: <T>(call: Promise<T>) => Promise<T>;
  /** Ends the worker; what is under way never resolves. */
  readonly dispose: () => void;
}

/** A worker that could not be loaded or broke down answers no call, so every call watches for that too. */
export function reach<Exposed>(worker: Worker): Reached<Exposed> {
  const remote = wrap<Exposed>(worker);
  const broken = new Promise<never>((_, reject) => {
    worker.addEventListener('error', ({ message }) => reject(new XnnError('page_failed', message)));
  });
  broken.catch(() => {});
  return {
    remote,
    answered: (call) =>
      Promise.race([call, broken]).catch((error: unknown) => {
        throw asXnnError(error);
      }),
    dispose() {
      remote[releaseProxy]();
      worker.terminate();
    },
  };
}

/** Of an error's class only name and message cross from a worker; those of `XnnError` hold its code. */
function asXnnError(error: unknown): XnnError {
  if (error instanceof XnnError) return error;
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  const [code, ...detail] = message.split(': ');
  if (name === 'XnnError' && isErrorCode(code)) return new XnnError(code, detail.join(': ') || undefined);
  return new XnnError('page_failed', message, { cause: error });
}
