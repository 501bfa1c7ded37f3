import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Which folder of src may import which others. */
const ALLOWED = {
  core: [],
  wire: ['core'],
  protocol: ['core', 'wire'],
  client: ['core', 'wire', 'protocol'],
  element: ['client'],
  web: ['element', 'client'],
  server: ['core', 'wire', 'protocol'],
  evaluation: ['core', 'wire', 'protocol', 'client', 'server'],
  owner: ['core', 'wire', 'protocol', 'evaluation', 'server'],
  cli: ['core', 'wire', 'protocol', 'evaluation', 'server', 'owner'],
};

const rooms = Object.entries(ALLOWED).map(([room, allowed]) => ({
  files: [`src/${room}/**/*.{ts,tsx}`],
  ignores: ['**/*.test.{ts,tsx}'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: Object.keys(ALLOWED)
          .filter((other) => other !== room && !allowed.includes(other))
          .map((other) => ({
            regex: `^(\\.\\./)+${other}/`,
            message: `src/${room} may not import src/${other}.`,
          })),
      },
    ],
  },
}));

const PURE = ['core', 'wire', 'protocol'];

export default tseslint.config(
  {
    ignores: [
      'dist',
      'dist-element',
      'examples/element/dist',
      'public',
      'node_modules',
      'training',
      'test-results',
      'playwright-report',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: ['eslint.config.js', 'bin/xnn.js', 'src/server/training/*.js', 'examples/*/*.js'],
        },
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-console': 'error',
    },
  },
  { files: ['src/**/*.js', 'examples/**/*.js'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['src/server/main.ts', 'src/cli/**', 'src/evaluation/**', 'tools/**', 'bench/**', 'examples/**'],
    rules: { 'no-console': 'off' },
  },
  { files: ['src/web/**/*.{ts,tsx}', 'examples/element/react/**'], ...reactHooks.configs.flat['recommended-latest'] },
  {
    files: PURE.map((room) => `src/${room}/**/*.ts`),
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': ['error', 'fetch', 'crypto', 'process', 'window', 'document', 'navigator'],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness is passed in.' },
        { object: 'Date', property: 'now', message: 'Time is passed in.' },
      ],
    },
  },
  ...rooms,
);
