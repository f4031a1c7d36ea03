import base, { tier } from './jest.config.js';

/** The tiers that need Debian packages: see .ci/run for which. */
export default {
  ...base,
  testTimeout: 60_000,
  projects: [tier('browser', ['<rootDir>/test/browser/**/*.spec.ts'])],
};
