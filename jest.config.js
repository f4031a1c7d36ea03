/** One run of the tiers that need nothing installed: unit, integration, e2e and security. */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: false,
            verbatimModuleSyntax: true,
          },
        },
      },
    ],
  },
  setupFiles: ['<rootDir>/test/support/jest-setup.ts'],
};

export const tier = (name, testMatch) => ({ ...common, displayName: name, testMatch });

export default {
  workerIdleMemoryLimit: '512MB',
  // The database of the run needs little beside the tests themselves.
  maxWorkers: '100%',
  testTimeout: 30_000,
  reporters: ['default', '<rootDir>/scripts/asvs/reporter.mjs'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  projects: [
    tier('unit', ['<rootDir>/src/**/*.spec.ts']),
    tier('integration', ['<rootDir>/test/integration/**/*.spec.ts']),
    tier('e2e', ['<rootDir>/test/e2e/**/*.spec.ts']),
    tier('security', ['<rootDir>/test/security/**/*.spec.ts']),
  ],
};
