import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RefreshRefusedError } from '../../../src/auth/auth.errors.js';
import { SessionsService } from '../../../src/auth/sessions/sessions.service.js';
import { RefreshTokensService } from '../../../src/auth/tokens/refresh-tokens.service.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let sessions: SessionsService;
let userId: number;

beforeAll(async () => {
  server = await startTestServer();
  sessions = server.app.get(SessionsService);
  userId = (await server.signUpCrowd(1))[0]!.id;
});
afterAll(() => server.close());

const client = { ip: null, userAgent: null, deviceToken: null };

async function beginSession(): Promise<{ id: string; token: string }> {
  const { token, hash } = server.app.get(RefreshTokensService).draw();
  const { rows } = await server.sql.query<{ id: string }>(
    `WITH session AS (
       INSERT INTO sessions (user_id, expires_at) VALUES ($1, now() + interval '1 day') RETURNING id
     )
     INSERT INTO refresh_tokens (token_hash, session_id) SELECT $2, id FROM session RETURNING session_id AS id`,
    [userId, hash],
  );
  return { id: rows[0]!.id, token };
}

/** What a refresh answers: the next token, or nothing where it is refused. */
async function refresh(token: string): Promise<string | undefined> {
  try {
    return (await sessions.refresh(token, client)).refreshToken;
  } catch (error) {
    if (error instanceof RefreshRefusedError) return undefined;
    throw error;
  }
}

const passAMinute = (id: string) =>
  server.sql.query(
    `UPDATE refresh_tokens SET used_at = used_at - interval '1 minute' WHERE session_id = $1`,
    [id],
  );

/** The law in its own words: a chain of tokens, of which the last is unused, and the minutes since each was used. */
class Chain {
  private readonly minutesSinceUse: number[] = [];
  private isAlive = true;

  /** @returns which token is answered, none where it is refused */
  refresh(position: number): number | undefined {
    if (!this.isAlive) return undefined;
    const used = this.minutesSinceUse;
    if (position === used.length) return used.push(0);
    const isSuccessorUnused = position + 1 === used.length;
    if (used[position] === 0 && isSuccessorUnused) return position + 1;
    this.isAlive = false;
    return undefined;
  }

  passAMinute(): void {
    this.minutesSinceUse.forEach((minutes, position) => (this.minutesSinceUse[position] = minutes + 1));
  }
}

describe('whatever is refreshed, in whatever order,', () => {
  it('a session follows the law: one successor a token, repeats for a moment, the end at reuse', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant('newest' as const) },
      { weight: 2, arbitrary: fc.nat({ max: 3 }) },
      { weight: 2, arbitrary: fc.constant('wait' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { id, token } = await beginSession();
        const tokens = [token];
        const chain = new Chain();
        for (const what of steps) {
          if (what === 'wait') {
            await passAMinute(id);
            chain.passAMinute();
            continue;
          }
          const position = Math.max(0, tokens.length - 1 - (what === 'newest' ? 0 : what));
          const expected = chain.refresh(position);
          const answered = await refresh(tokens[position]!);
          if (expected === tokens.length) {
            expect(tokens).not.toContain(answered);
            expect(answered).toEqual(expect.any(String));
            tokens.push(answered!);
          } else expect(answered).toBe(expected === undefined ? undefined : tokens[expected]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('also at once: a crowd with any tokens of a session gets one successor or ends it, and never two branches', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.boolean(), async (length, waits) => {
        const { id, token } = await beginSession();
        const tokens = [token];
        for (let n = 1; n < length; n++) tokens.push((await refresh(tokens.at(-1)!))!);
        if (waits) await passAMinute(id);
        await Promise.all(Array.from({ length: 30 }, (_, n) => refresh(tokens[n % length]!)));
        // Whoever came first: now every token but the newest is one whose successor was used.
        if (length > 1) expect(await refresh(token)).toBeUndefined();
        const { rows } = await server.sql.query<{ unused: number; all: number; revoked: boolean }>(
          `SELECT count(*) FILTER (WHERE t.used_at IS NULL) AS unused, count(*) AS all, s.revoked_at IS NOT NULL AS revoked
           FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE s.id = $1 GROUP BY s.id`,
          [id],
        );
        const { unused, all, revoked } = rows[0]!;
        expect(unused).toBe(1);
        // Of one token the successor came; with older ones among them the session may have ended before it did.
        expect([length, length + 1]).toContain(all);
        expect(revoked).toBe(length > 1);
      }),
      { numRuns: 20 },
    );
  });
});
