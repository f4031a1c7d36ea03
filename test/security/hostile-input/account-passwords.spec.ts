import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inLanes } from '../../support/lanes.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { NAUGHTY_STRINGS } from './naughty.js';
import { LANES } from './stage.js';

/** Estimating the strength of all of them takes most of a minute, so every tenth stands for the others. */
const PASSWORDS = NAUGHTY_STRINGS.filter((_, index) => index % 10 === 3);

describe('a hostile string as the password of an account', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('is refused as too weak, or logs in exactly as it is', async () => {
    const problems: string[] = [];
    let taken = 0;
    await inLanes(LANES, PASSWORDS, async (password, _lane, index) => {
      const email = `hostile-password-${index}@example.com`;
      const registered = await server.api.post('/users/register', { name: 'Somebody', email, password });
      if (registered.status === 422) return;
      const same = await server.api.post('/users/login', { email, password });
      const other = await server.api.post('/users/login', { email, password: `${password} ` });
      if (registered.status !== 201 || same.status !== 200 || other.status !== 401)
        problems.push(`${password}: ${registered.status}, ${same.status}, ${other.status}`);
      taken += 1;
    });
    expect(problems).toEqual([]);
    expect(taken).toBeGreaterThan(20);
    expect(taken).toBeLessThan(PASSWORDS.length);
  }, 60_000);
});
