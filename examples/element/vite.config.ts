import { svelte } from '@sveltejs/vite-plugin-svelte';
import react from '@vitejs/plugin-react';
import vue from '@vitejs/plugin-vue';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** `npm run build:element`, then `npx vite examples/element` and open /react/, /vue/, /svelte/ or /plain/, with the cloud running beside. */
export default defineConfig({
  root: at('.'),
  base: './',
  plugins: [react(), svelte(), vue({ template: { compilerOptions: { isCustomElement: (tag) => tag.includes('-') } } })],
  // Elsewhere, the installed package is found without this.
  resolve: {
    alias: {
      'xnn-face/element': at('../../dist-element/index.js'),
      'xnn-face/react': at('../../dist-element/react.js'),
    },
  },
  server: { port: 8098 },
  build: {
    target: 'es2023',
    outDir: at('dist'),
    emptyOutDir: true,
    rolldownOptions: { input: ['react', 'vue', 'svelte'].map((name) => at(`${name}/index.html`)) },
  },
});
