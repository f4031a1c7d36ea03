import { afterEach, expect, it, jest } from '@jest/globals';
import { withService } from '../../../src/cli/with-service.js';
import { parseEnv } from '../../../src/config/parse-env.js';
import { isServerRunning, Surroundings } from '../embedded/surroundings.js';

jest.setTimeout(60_000);

const surroundings = new Surroundings();
afterEach(() => surroundings.cleanUp());

it('a command whose service does not close in order stops the database nevertheless', async () => {
  const dataDir = await surroundings.dataDir();
  const run = withService(() => parseEnv({ NODE_ENV: 'test', DATA_DIR: dataDir }), process.env['PATH']);
  let wasRunning = false;
  const done = run(async (service) => {
    wasRunning = await isServerRunning(dataDir);
    const close = service.close.bind(service);
    service.close = async () => {
      await close();
      throw new Error('It does not close.');
    };
  });
  await expect(done).rejects.toThrow('It does not close.');
  expect(wasRunning).toBe(true);
  expect(await isServerRunning(dataDir)).toBe(false);
});
