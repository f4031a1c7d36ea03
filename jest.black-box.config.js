import { tier } from './jest.config.js';

/** The attacks of `npm run security -- URL`, against a service that runs already: nothing is started for them. */
export default {
  testTimeout: 900_000,
  verbose: true,
  maxWorkers: 1,
  projects: [tier('attacks', ['<rootDir>/test/security/black-box/**/*.spec.ts'])],
};
