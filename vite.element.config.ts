import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { trimmed } from './tools/libraries.js';
import { notices } from './tools/notices.js';

/** By the name of what is built from it. */
const sources = (names: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(names).map(([name, file]) => [name, fileURLToPath(new URL(`src/element/${file}`, import.meta.url))]),
  );

/**
 * <xnn-face-login>, twice. As a package for bundlers: its dependencies stay imports, and its worker is one file, since bundlers copy what a
 * worker's address names and no more. With `--mode page`, as the cloud serves it to pages without a bundler: all in it, and the worker loads
 * only what the browser needs.
 */
export default defineConfig(({ mode }) => {
  const forPages = mode === 'page';
  const parties = notices('third-party.txt', []);
  return {
    base: './',
    publicDir: false,
    plugins: [trimmed(), parties.written()],
    worker: {
      format: 'es',
      plugins: () => [trimmed(), parties.seen()],
      rolldownOptions: { output: { codeSplitting: forPages } },
    },
    build: {
      target: 'es2023',
      outDir: forPages ? 'dist/element' : 'dist-element',
      emptyOutDir: true,
      chunkSizeWarningLimit: 2000,
      modulePreload: false,
      lib: {
        entry: sources(forPages ? { 'xnn-face-login': 'index.ts' } : { index: 'index.ts', react: 'react.ts' }),
        formats: ['es'],
      },
      rolldownOptions: forPages
        ? {}
        : { external: (id) => /^[\w@]/.test(id), treeshake: { moduleSideEffects: 'no-external' } },
    },
  };
});
