import { expect, it } from '@jest/globals';
import { availableServers } from '../integration/embedded/surroundings.js';

it('a complete PostgreSQL is installed, so that the specs beside this one meet it as well', async () => {
  expect((await availableServers()).length).toBe(2);
});
