import base, { tier } from './jest.config.js';

/** The tiers that need Debian packages: see .ci/run for which. */
export default {
  ...base,
  // Each starts several processes itself: more at once would only wait for each other.
  maxWorkers: 2,
  // Against hanging, not for speed: beside other work a start alone can take half a minute.
  testTimeout: 240_000,
  projects: [
    // Real nginx and Redis before several processes on one database.
    tier('deploy', ['<rootDir>/test/deploy/**/*.spec.ts']),
    tier('browser', ['<rootDir>/test/browser/**/*.spec.ts']),
    // Where `npm test` met only the server that npm brings, these meet the distribution's too.
    tier('local postgres', [
      '<rootDir>/test/system/**/*.spec.ts',
      '<rootDir>/test/integration/{embedded,migrations}/**/*.spec.ts',
    ]),
  ],
};
