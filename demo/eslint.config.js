import js from '@eslint/js';
import globals from 'globals';

export default [
  js.configs.recommended,
  { files: ['gateway/**', 'start.js'], languageOptions: { globals: globals.node } },
  { files: ['page/**'], languageOptions: { globals: globals.browser } },
  // The tests also have functions that run in the page.
  { files: ['tests/**'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  {
    rules: {
      curly: 'error',
      eqeqeq: 'error',
      'no-shadow': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
];
