import type { Plugin } from 'vite';

/** Where tasks-vision sends what it counted: the only function in its bundle that takes a request description and two callbacks. */
const SEND = /async send\((\w+),(\w+),(\w+)\)\{/g;

/**
 * Takes the usage reports out of tasks-vision, which posts to a server of its maker's once a minute. Nothing of ours may do that, so
 * the build fails if the place cannot be found.
 */
export function noTelemetry(): Plugin {
  return {
    name: 'no-telemetry',
    // Dependencies that the development server bundles in advance do not pass through transform.
    config: () => ({ optimizeDeps: { exclude: ['@mediapipe/tasks-vision'] } }),
    transform(code, id) {
      if (!id.includes('@mediapipe/tasks-vision/')) return null;
      const places = code.match(SEND)?.length ?? 0;
      const hosts = code.match(/https:\/\/odml\.pa\.googleapis\.com\/v1\/log/g)?.length ?? 0;
      if (places !== 1 || hosts !== 1) throw new Error('tasks-vision has changed: its usage reports were not found');
      return {
        code: code.replace(SEND, 'async send(){return;').replace('https://odml.pa.googleapis.com/v1/log', ''),
        map: null,
      };
    },
  };
}
