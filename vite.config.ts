import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { VitePWA } from 'vite-plugin-pwa';
import { defineConfig } from 'vite';
import { firstPaint } from './tools/first-paint.js';
import { trimmed } from './tools/libraries.js';
import { notices } from './tools/notices.js';

/** What the first script shares with the app: one file, and not one a module. */
const FIRST = /src\/web\/(languages|opening|routes|settings|theme)\.ts$|vite\/preload-helper/;

/** Beside modules: networks and WebAssembly (tools/build-assets.ts), styles, the service worker. */
const parties = notices('third-party.txt', [
  '@mediapipe/face_detection',
  '@vladmandic/face-api',
  'daisyui',
  'tailwindcss',
  'workbox-core',
]);

export default defineConfig({
  plugins: [
    react(),
    tailwindcss(),
    trimmed(),
    firstPaint(),
    parties.written(),
    VitePWA({
      // A new version waits until it is asked for (src/web/offline.ts, which registers it, too).
      registerType: 'prompt',
      injectRegister: null,
      manifest: {
        id: '/',
        start_url: '/',
        scope: '/',
        lang: 'en',
        name: 'XNN-d: private face verification',
        short_name: 'XNN-d',
        description: 'Only noise-perturbed features leave the browser.',
        display: 'standalone',
        background_color: '#ffffff',
        theme_color: '#08665f',
        categories: ['security', 'utilities'],
        icons: [
          { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
          ...(['any', 'maskable'] as const).flatMap((purpose) =>
            ([192, 512] as const).map((size) => ({
              src: `icons/${purpose === 'any' ? 'icon' : purpose}-${size}.png`,
              sizes: `${size}x${size}`,
              type: 'image/png',
              purpose,
            })),
          ),
        ],
      },
      workbox: {
        // All that the app needs to open offline. Networks are not here: the client keeps verified ones itself.
        globIgnores: ['assets/Admin-*'],
        globPatterns: ['**/*.{html,js,css,svg,woff2,webmanifest,wasm,tflite}'],
        maximumFileSizeToCacheInBytes: 4_000_000,
        navigateFallbackDenylist: [/^\/v1\//, /^\/docs/, /^\/openapi\.json/, /^\/oidc\//, /^\/\.well-known\//],
      },
    }),
  ],
  worker: {
    format: 'es',
    plugins: () => [trimmed(), parties.seen()],
    rolldownOptions: {
      output: { chunkFileNames: ({ moduleIds }) => `assets/${packageOf(moduleIds)}-[hash].js` },
    },
  },
  build: {
    target: 'es2023',
    chunkSizeWarningLimit: 1200,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first', test: FIRST }] } } },
  },
  server: { proxy: { '/v1': 'http://localhost:8080', '/oidc': 'http://localhost:8080' } },
});

/** What a chunk has of the large libraries, a backend first, so that one sees what a visitor loads. */
function packageOf(modules: readonly string[]): string {
  const names = modules.flatMap((id) => /tfjs-backend-\w+|tasks-vision|tfjs-core/.exec(id) ?? []);
  return names.find((name) => name !== 'tfjs-core') ?? names[0] ?? '[name]';
}
