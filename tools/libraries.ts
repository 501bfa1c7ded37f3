import type { Plugin } from 'vite';
import { KERNELS } from '../src/core/kernels.js';

/** What every build takes out of the libraries it bundles. */
export function trimmed(): Plugin[] {
  return [noTelemetry(), onlyOurKernels()];
}

/** Where tasks-vision sends what it counted: the only function in its bundle that takes a request description and two callbacks. */
const SEND = /async send\((\w+),(\w+),(\w+)\)\{/g;

/**
 * Takes the usage reports out of tasks-vision, which posts to a server of its maker's once a minute. Nothing of ours may do that, so
 * the build fails if the place cannot be found.
 */
function noTelemetry(): Plugin {
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

const IMPORT = /^import \{ (\w+) \} from '\.\/kernels\/(\w+)';$/gm;

/** Leaves out kernels of tfjs's backends that our networks do not run: each backend registers all in one file, an import a kernel. */
function onlyOurKernels(): Plugin {
  return {
    name: 'only-our-kernels',
    transform(code, id) {
      const [, backend] = /tfjs-backend-(\w+)\/dist\/register_all_kernels\.js/.exec(id) ?? [];
      if (backend === undefined) return null;
      const kept = [...code.matchAll(IMPORT)].filter(([, , kernel]) => KERNELS.includes(kernel!));
      if (kept.length !== KERNELS.length) throw new Error(`the kernels of tfjs-backend-${backend} lie elsewhere now`);
      const imports = kept.map(([line]) => line).join('\n');
      const registered = kept.map(([, config]) => `registerKernel(${config});`).join('\n');
      return {
        code: `import { registerKernel } from '@tensorflow/tfjs-core';\n${imports}\n${registered}\n`,
        map: null,
      };
    },
  };
}
