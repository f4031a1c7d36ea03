import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const OWN_ERRORS =
  'Throw an AppError with a stable code; the status is decided in common/errors/error-codes.ts.';
const ENVIRONMENT = 'Only src/config reads the environment.';
const STATIC_IMPORT = 'Import by name at the top of the file: what stands there can be checked.';

const importOfProcess = {
  paths: ['process', 'node:process'].map((name) => ({
    name,
    message: `Use the global process. ${ENVIRONMENT}`,
  })),
};
const dynamicImportOfProcess = {
  selector: 'ImportExpression[source.value=/^(node:)?process$/]',
  message: STATIC_IMPORT,
};

export default tseslint.config(
  {
    ignores: [
      'dist',
      'node_modules',
      '.data',
      'backups',
      'secrets',
      'reports',
      'coverage',
      'src/metadata.ts',
    ],
  },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      // Request and response classes are shapes with decorators: a literal of that shape is one.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', importOfProcess],
      'no-restricted-syntax': ['error', dynamicImportOfProcess],
    },
  },
  {
    // A rule that is set again replaces what is set above, so both name process once more.
    files: ['src/**/*.ts'],
    ignores: ['src/common/errors/**', 'src/**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          ...importOfProcess,
          patterns: [
            // Refuses namespaces and `export *` as well, which would carry the exceptions along.
            { regex: '^@nestjs/common$', importNamePattern: 'Exception$', message: OWN_ERRORS },
            { regex: '^@nestjs/common/', message: 'Import from @nestjs/common, by name.' },
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        dynamicImportOfProcess,
        { selector: 'ImportExpression[source.value=/^@nestjs.common/]', message: STATIC_IMPORT },
        {
          selector:
            ':matches(NewExpression > .callee, .superClass):matches([name=/Exception$/], [property.name=/Exception$/], [property.value=/Exception$/])',
          message: OWN_ERRORS,
        },
        {
          selector: 'MemberExpression[object.name="Date"][property.name="now"]',
          message: 'Time is the injected Clock or the database; see common/clock.ts.',
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config/**', 'src/main.ts', 'src/cli.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: ENVIRONMENT },
        { object: 'globalThis', property: 'process', message: ENVIRONMENT },
        { object: 'global', property: 'process', message: ENVIRONMENT },
      ],
    },
  },
  {
    files: ['test/**/*.ts', '**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // An answer's JSON is whatever came over the wire; the assertions are its types.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        AbortSignal: 'readonly',
        globalThis: 'readonly',
        setTimeout: 'readonly',
        clearInterval: 'readonly',
        setInterval: 'readonly',
      },
    },
  },
);
