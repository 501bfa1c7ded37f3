import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{bench,src,tools}/**/*.test.{ts,tsx}'],
    // One that was forgotten would let everything else pass unseen.
    allowOnly: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Files of one worker share what they import, which takes a fifth of the time otherwise; each puts back what it changes.
    isolate: false,
  },
});
