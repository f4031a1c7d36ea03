import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hash } from 'argon2';
import type { Answer } from '../../support/api-client.js';
import { inLanes } from '../../support/lanes.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';
import { LOCKOUTS, logIn, tally } from '../../support/lockout-words.js';

const VOTERS = 400;
const AT_A_TIME = 32;
const PASSWORD = 'a curious otter votes at dawn';
const TYPO = 'a curious otter votes at dusk';

let server: TestServer;
afterEach(() => server.close());

/** People who have a password and no device yet, at a service that was used before. */
async function voters(): Promise<string[]> {
  await server.signUp();
  const passwordHash = await hash(PASSWORD, { memoryCost: 64, timeCost: 1, parallelism: 1 });
  const { rows } = await server.sql.query<{ email: string }>(
    `INSERT INTO users (name, email, email_normalized, voter_key, password_hash)
     SELECT 'Voter', 'voter-' || n || $1, 'voter-' || n || $1, gen_random_uuid(), $2 FROM generate_series(1, $3::int) n
     RETURNING email`,
    [`-${unique()}@example.com`, passwordHash, VOTERS],
  );
  return rows.map(({ email }) => email);
}

/** Has everybody come, so many at a time, and some of them mistype before they get it right. */
async function letAllIn(emails: string[], mistypes: (n: number) => boolean): Promise<Answer[]> {
  const answers: Answer[] = [];
  await inLanes(AT_A_TIME, emails, async (email, _lane, n) => {
    for (const password of mistypes(n) ? [TYPO, PASSWORD] : [PASSWORD])
      answers.push(await logIn(server, { email, password }));
  });
  return answers;
}

describe('four hundred voters behind one address', () => {
  jest.setTimeout(120_000);

  it('are let in, however many of them come at once', async () => {
    server = await startTestServer({ env: LOCKOUTS });
    expect(tally(await letAllIn(await voters(), () => false))).toEqual({ '200': VOTERS });
  });

  it('are let in with a typo of every tenth, where their network is trusted', async () => {
    server = await startTestServer({ env: { ...LOCKOUTS, TRUSTED_CLIENT_NETWORKS: '127.0.0.0/8' } });
    expect(tally(await letAllIn(await voters(), (n) => n % 10 === 0))).toEqual({
      '200': VOTERS,
      '401 INVALID_CREDENTIALS': VOTERS / 10,
    });
  });
});
