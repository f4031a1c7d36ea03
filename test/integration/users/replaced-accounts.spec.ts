import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, Answer } from '../../support/api-client.js';
import { codeTo, moveTo, verifyEmail } from '../../support/mailed-codes.js';
import { outcome } from '../../support/outcome.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

const PASSWORD = 'seven lanterns over a quiet harbour';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Lets a day and an hour pass for an account and its sessions. */
async function letADayPass({ id }: Pick<Actor, 'id'>): Promise<void> {
  await server.sql.query(
    `UPDATE users SET created_at = created_at - interval '25 hours',
                      verification_sent_at = verification_sent_at - interval '25 hours' WHERE id = $1`,
    [id],
  );
  await server.sql.query(
    `UPDATE sessions SET last_seen_at = last_seen_at - interval '25 hours' WHERE user_id = $1`,
    [id],
  );
}

async function squat(): Promise<Actor> {
  const squatter = await server.signUp();
  await letADayPass(squatter);
  return squatter;
}

const register = (email: string, at = server): Promise<Answer> =>
  at.api.post('/users/register', { name: 'The owner', email, password: PASSWORD });
const TAKEN = [400, 'USER_EXISTS'];

describe('an account whose address nobody has proven for a day, and that owns nothing', () => {
  it('is replaced by whoever registers the address', async () => {
    const squatter = await squat();
    const answer = await register(squatter.email);
    expect(answer.status).toBe(201);
    expect(answer.body.id).not.toBe(squatter.id);
    expect((await server.as(squatter).get('/users/info')).status).toBe(401);
    await expect(server.logIn(squatter)).rejects.toThrow();
    expect(await server.logIn({ email: squatter.email, password: PASSWORD })).toEqual(expect.any(String));
    const { rows } = await server.sql.query(
      `SELECT event_type, details FROM audit_events WHERE subject_id = $1 AND event_type = 'user_deleted'`,
      [squatter.id],
    );
    expect(rows).toEqual([{ event_type: 'user_deleted', details: { reason: 'never_verified' } }]);
    const { rows: deletions } = await server.sql.query('SELECT FROM account_deletions WHERE user_id = $1', [
      squatter.id,
    ]);
    expect(deletions).toHaveLength(1);
  });

  it('is replaced once, when a hundred register the address at the same time', async () => {
    const squatter = await squat();
    const answers = await Promise.all(Array.from({ length: 100 }, () => register(squatter.email)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error?.code === 'USER_EXISTS')).toHaveLength(99);
  });

  it('gives way to whoever moves there, too', async () => {
    const squatter = await squat();
    const owner = await server.signUp();
    expect((await moveTo(server, owner, squatter.email)).body).toMatchObject({
      id: owner.id,
      email: squatter.email,
    });
  });

  it('stays when it is verified at that moment, or is gone: one of the two', async () => {
    for (let round = 0; round < 10; round += 1) {
      const squatter = await server.signUp();
      const code = await codeTo(server, squatter.email, 'verifyEmail');
      await letADayPass(squatter);
      const [registered, verified] = await Promise.all([
        register(squatter.email),
        server.as(squatter).post('/auth/email/verify', { code }),
      ]);
      expect([
        [400, 200],
        [201, 400],
        [201, 401],
      ]).toContainEqual([registered.status, verified.status]);
    }
  });

  it('stays with the note that is written at that moment, or is gone with none', async () => {
    for (let round = 0; round < 10; round += 1) {
      const squatter = await squat();
      const [registered, written] = await Promise.all([
        register(squatter.email),
        server.as(squatter).post('/users/notes', { title: 'a', content: 'b' }),
      ]);
      expect([
        [400, 201],
        [201, 401],
        [201, 404],
      ]).toContainEqual([registered.status, written.status]);
    }
  });
});

describe('an account is not replaced', () => {
  const asIs: [string, (actor: Actor) => Promise<unknown>][] = [
    [
      'within a day',
      (actor) =>
        server.sql.query(
          `UPDATE users SET verification_sent_at = now() - interval '23 hours' WHERE id = $1`,
          [actor.id],
        ),
    ],
    ['that was logged in to of late', (actor) => server.logIn(actor)],
    ['that has a note', (actor) => server.as(actor).post('/users/notes', { title: 'a', content: 'b' })],
    [
      "that is an admin's",
      (actor) => server.sql.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [actor.id]),
    ],
    [
      'that was never asked for a proof, as those from before there were mails',
      (actor) => server.sql.query('UPDATE users SET verification_sent_at = NULL WHERE id = $1', [actor.id]),
    ],
    [
      'that has voted',
      async (actor) => {
        const admin = await server.signUpAdmin();
        const { id } = (await server.as(admin).post('/admin/candidate', { name: `Robin ${unique()}` })).body;
        await server.as(actor).post('/users/vote', { candidate_id: id });
      },
    ],
  ];
  it.each(asIs)('%s', async (_, make) => {
    const somebody = await squat();
    await make(somebody);
    if (!/logged in|within/.test(_))
      await server.sql.query(
        `UPDATE sessions SET last_seen_at = now() - interval '25 hours' WHERE user_id = $1`,
        [somebody.id],
      );
    expect(outcome(await register(somebody.email))).toEqual(TAKEN);
  });

  it('that is verified', async () => {
    const alice = await server.signUp();
    await verifyEmail(server, alice);
    await letADayPass(alice);
    expect(outcome(await register(alice.email))).toEqual(TAKEN);
  });

  it('where no mails are sent, so that nobody could prove anything', async () => {
    const mute = await startTestServer({ database: server.database, env: { MAIL_DISABLED: 'true' } });
    try {
      expect(outcome(await register((await squat()).email, mute))).toEqual(TAKEN);
    } finally {
      await mute.close();
    }
  });

  it('when it is the username that is taken', async () => {
    const username = `name-${unique()}`;
    const squatter = await server.signUp({ username });
    await letADayPass(squatter);
    const answer = await server.api.post('/users/register', {
      name: 'Another',
      email: `${unique()}@example.com`,
      username,
      password: PASSWORD,
    });
    expect(outcome(answer)).toEqual(TAKEN);
  });

  it('when the one that would come in its place cannot be made', async () => {
    const [squatter, other] = [await squat(), await server.signUp({ username: `name-${unique()}` })];
    const { username } = (await server.as(other).get('/users/info')).body;
    const body = { name: 'Another', email: squatter.email, username, password: PASSWORD };
    expect(outcome(await server.api.post('/users/register', body))).toEqual(TAKEN);
    expect(await server.logIn(squatter)).toEqual(expect.any(String));
  });
});
