import { existsSync } from 'node:fs';

import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const root = import.meta.dirname;
const projects = ['tsconfig.json', 'tsconfig.test.json', 'web/tsconfig.json'];

const processIsForBin = (property) => ({
  object: 'process',
  property,
  message:
    'Only the programs in src/bin read argv and environment and end the process: pass it in as an option.',
});

const passItIn = 'A core decides from its arguments alone: pass the time and the randomness in.';

export default defineConfig(
  globalIgnores([
    'dist/',
    'coverage/',
    '.cache/',
    'src/wire/gen/',
    'src/**/assembly/',
    'test/fixtures/',
    'eslint.config.js',
    '**/*.cjs',
  ]),
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: projects.filter((path) => existsSync(`${root}/${path}`)),
        tsconfigRootDir: root,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'max-params': ['error', { max: 4 }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      // Every case of a union is named, or a default says that the rest is meant.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      // Numbers and bigints read well in a message; anything else is converted on purpose.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => server.stop()` is clearer than the same with braces.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A method that may travel alone says so: it has no `this`.
      '@typescript-eslint/no-invalid-void-type': ['error', { allowAsThisParameter: true }],
      // `while (true)` says that a loop ends from within.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // An interface may ask for a promise that one implementation has no need to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src/**'],
    ignores: ['src/bin/**', 'src/worker/child/**'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': ['error', ...['argv', 'env', 'exit'].map(processIsForBin)],
    },
  },
  {
    files: ['src/model/**', 'src/server/core/**', 'src/worker/core/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...[
          'process',
          'performance',
          'crypto',
          'setTimeout',
          'setInterval',
          'setImmediate',
          'queueMicrotask',
        ].map((name) => ({ name, message: passItIn })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: passItIn },
        { object: 'Math', property: 'random', message: passItIn },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: passItIn },
      ],
    },
  },
  {
    files: ['**/*.mjs'],
    rules: {
      // The compiler checks the scripts' names, and knows Node's.
      'no-undef': 'off',
      // Types that are given in JSDoc are seen by the compiler, but not by these.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['test/**', 'bench/**'],
    rules: {
      // chai's `expect(x).to.be.true` is an expression.
      '@typescript-eslint/no-unused-expressions': 'off',
      // A test that reaches for a thing that must be there may say so.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
