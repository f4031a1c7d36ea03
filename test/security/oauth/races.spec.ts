import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../../support/api-client.js';
import { Browser, exchange, makePkce, type Login } from '../../support/identity-providers/browser.js';
import { refusalOf, SocialStage } from '../../support/identity-providers/social-stage.js';
import type { TestServer } from '../../support/test-server.js';

const MANY = 50;

let stage: SocialStage<'liar' | 'accomplice'>;
/** Another process of the same service. */
let another: TestServer;
beforeAll(async () => {
  stage = await SocialStage.start({ providers: ['liar', 'accomplice'] });
  another = await stage.startAnother();
});
afterAll(async () => {
  await another.close();
  await stage.close();
});

const processOf = (index: number) => (index % 2 === 0 ? stage.server : another);
const atOnce = <T>(work: (index: number) => Promise<T>, times = MANY) =>
  Promise.all(Array.from({ length: times }, (_, index) => work(index)));

/** How often each outcome came. */
function tally(answers: Pick<Answer, 'status' | 'body'>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) {
    const { status, code } = refusalOf(answer);
    const key = typeof code === 'string' ? `${status} ${code}` : String(status);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const rowsOf = async (sub: string) =>
  (
    await stage.server.sql.query<{ user_id: number }>('SELECT user_id FROM identities WHERE subject = $1', [
      sub,
    ])
  ).rows;

describe('at once', () => {
  it('one code is handed in by fifty: one session of one account comes of it', async () => {
    const { sub } = stage.become('liar');
    const login = await stage.logIn('liar');
    const before = await stage.traces();
    const answers = await atOnce((index) => exchange(processOf(index), login));
    expect(tally(answers)).toEqual({ '200': 1, '400 OAUTH_CODE_INVALID': MANY - 1 });
    expect(await stage.traces()).toEqual({
      users: before.users + 1,
      identities: before.identities + 1,
      sessions: before.sessions + 1,
    });
    expect(await rowsOf(sub)).toHaveLength(1);
  });

  it('one code is tried with fifty verifiers, one of them right: at most one session comes of it', async () => {
    const somebody = await stage.signUp('liar');
    const login = await stage.logIn('liar');
    const before = await stage.traces();
    const answers = await atOnce((index) =>
      exchange(processOf(index), { ...login, pkce: index === 25 ? login.pkce : makePkce() }),
    );
    const { sessions, ...rest } = await stage.traces();
    expect(rest).toEqual({ users: before.users, identities: before.identities });
    expect(sessions - before.sessions).toBe(answers.filter(({ status }) => status === 200).length);
    expect(sessions - before.sessions).toBeLessThanOrEqual(1);
    expect(await stage.identitiesOf(somebody.token)).toHaveLength(1);
  });

  it('one state comes back fifty times: the provider is asked once, and one code comes of it', async () => {
    stage.become('liar');
    const browser = new Browser(stage.server);
    const url = await browser.atProvider(await browser.start('liar'));
    const cookie = browser.serviceCookie('__Host-oauth');
    const asked = stage.at.liar.countOf('token');
    const answers = await atOnce(async (index) => {
      const copy = new Browser(processOf(index));
      copy.setServiceCookie('__Host-oauth', cookie);
      return copy.open(url);
    });
    expect(tally(answers)).toEqual({ '302': 1, '400 OAUTH_STATE_INVALID': MANY - 1 });
    expect(stage.at.liar.countOf('token') - asked).toBe(1);
  });

  it('one identity comes for the first time, many times over: one account, and all are in it', async () => {
    const { sub } = stage.become('liar');
    const logins: Login[] = [];
    for (let count = 0; count < 10; count += 1) logins.push(await stage.logIn('liar'));
    const before = await stage.traces();
    const answers = await atOnce((index) => exchange(processOf(index), logins[index]!), 10);
    const inside = answers.filter(({ status }) => status === 200);
    expect(inside.length).toBeGreaterThan(0);
    const after = await stage.traces();
    expect(after).toEqual({
      users: before.users + 1,
      identities: before.identities + 1,
      sessions: before.sessions + inside.length,
    });
    const owners = new Set(
      await Promise.all(inside.map(({ body }) => stage.idOf(body.access_token as string))),
    );
    expect([...owners]).toEqual((await rowsOf(sub)).map(({ user_id }) => user_id));
    // Whoever came too late is told to begin again, never that something broke.
    for (const { status } of answers) expect(status).toBeLessThan(500);
    expect(tally(answers)).toEqual({ '200': 10 });
  });

  it('one address comes for the first time with two identities: one account, and the other is not linked', async () => {
    const { email } = stage.become('liar');
    stage.become('accomplice', { email });
    const [first, second] = [await stage.logIn('liar'), await stage.logIn('accomplice')];
    const before = await stage.traces();
    const answers = await Promise.all([exchange(stage.server, first), exchange(another, second)]);
    expect(tally(answers)).toEqual({ '200': 1, '409 IDENTITY_NOT_LINKED': 1 });
    expect(await stage.traces()).toEqual({
      users: before.users + 1,
      identities: before.identities + 1,
      sessions: before.sessions + 1,
    });
  });

  it('an address comes for the first time and is registered: one account, which one of them has', async () => {
    const { email } = stage.become('liar');
    const login = await stage.logIn('liar');
    const before = await stage.traces();
    const [social, registered] = await Promise.all([
      exchange(stage.server, login),
      another.api.post('/users/register', { name: 'Both', email, password: 'a curious otter sings' }),
    ]);
    expect([tally([social]), tally([registered])]).toContainEqual(
      social.status === 200 ? { '400 USER_EXISTS': 1 } : { '201': 1 },
    );
    expect((await stage.traces()).users).toBe(before.users + 1);
  });

  it('one identity is linked to two accounts: one has it', async () => {
    const people = [await stage.server.signUp(), await stage.server.signUp()];
    const { sub } = stage.become('liar');
    const logins: Login[] = [];
    while (logins.length < people.length) logins.push(await stage.logIn('liar', { purpose: 'link' }));
    const answers = await Promise.all(
      people.map((person, index) =>
        processOf(index).as(person).post('/auth/identities', {
          code: logins[index]!.code,
          code_verifier: logins[index]!.pkce.verifier,
        }),
      ),
    );
    expect(tally(answers)).toEqual({ '201': 1, '409 IDENTITY_TAKEN': 1 });
    expect(await rowsOf(sub)).toHaveLength(1);
  });

  it('the last two ways in are removed: one stays', async () => {
    for (let round = 0; round < 5; round += 1) {
      const somebody = await stage.signUp('liar');
      stage.become('accomplice');
      const second = await stage.logIn('accomplice', { purpose: 'link' });
      const linked = await stage.server
        .as(somebody)
        .post('/auth/identities', { code: second.code, code_verifier: second.pkce.verifier });
      expect(linked.status).toBe(201);
      const identities = await stage.identitiesOf(somebody.token);
      expect(identities).toHaveLength(2);
      const answers = await Promise.all(
        identities.map(({ id }, index) =>
          processOf(index)
            .as(somebody)
            .delete(`/auth/identities/${String(id)}`),
        ),
      );
      expect(tally(answers)).toEqual({ '204': 1, '409 LAST_LOGIN_METHOD': 1 });
      expect(await stage.identitiesOf(somebody.token)).toHaveLength(1);
    }
  });

  it('an identity is unlinked and logged in with: afterwards it is not the account’s, whoever was first', async () => {
    for (let round = 0; round < 5; round += 1) {
      const person = await stage.server.signUp();
      const { sub } = stage.become('liar');
      const link = await stage.logIn('liar', { purpose: 'link' });
      const linked = await stage.server
        .as(person)
        .post('/auth/identities', { code: link.code, code_verifier: link.pkce.verifier });
      const login = await stage.logIn('liar');
      const [social, unlinked] = await Promise.all([
        exchange(stage.server, login),
        another.as(person).delete(`/auth/identities/${String(linked.body.id)}`),
      ]);
      expect(unlinked.status).toBe(204);
      expect(social.status).toBeLessThan(500);
      expect(await stage.identitiesOf(person.token)).toEqual([]);
      const owners = await rowsOf(sub);
      expect(owners.map(({ user_id }) => user_id)).not.toContain(person.id);
    }
  });

  it('an identity is linked and unlinked: the list is what the answers say', async () => {
    for (let round = 0; round < 5; round += 1) {
      const person = await stage.server.signUp();
      stage.become('liar');
      const first = await stage.logIn('liar', { purpose: 'link' });
      const linked = await stage.server
        .as(person)
        .post('/auth/identities', { code: first.code, code_verifier: first.pkce.verifier });
      const again = await stage.logIn('liar', { purpose: 'link' });
      const [relinked, unlinked] = await Promise.all([
        stage.server
          .as(person)
          .post('/auth/identities', { code: again.code, code_verifier: again.pkce.verifier }),
        another.as(person).delete(`/auth/identities/${String(linked.body.id)}`),
      ]);
      expect(unlinked.status).toBe(204);
      expect(relinked.status).toBeLessThan(500);
      const left = await stage.identitiesOf(person.token);
      expect(left.length).toBeLessThanOrEqual(1);
      if (left.length === 1) expect(relinked.body.id).toBe(left[0]!['id']);
    }
  });

  it('an account is deleted and logged in to: no session is left of it', async () => {
    const somebody = await stage.signUp('liar');
    const login = await stage.logIn('liar');
    const [social, deleted] = await Promise.all([
      exchange(stage.server, login),
      another.as(somebody).delete('/users'),
    ]);
    expect(deleted.status).toBe(204);
    expect(social.status).toBeLessThan(500);
    const { rowCount } = await stage.server.sql.query('SELECT FROM sessions WHERE user_id = $1', [
      somebody.id,
    ]);
    expect(rowCount).toBe(0);
  });
});

describe('between finding whose an identity is and beginning a session', () => {
  /** Hands in a code, and does something to the account at the last moment before the session begins. */
  async function exchangeWhile(login: Login, id: number, change: string, values: unknown[]): Promise<Answer> {
    const holder = await stage.server.sql.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [id]);
      const waiting = exchange(stage.server, login);
      const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const isBlocked = async () =>
        (
          await stage.server.sql.query(
            'SELECT FROM pg_stat_activity WHERE $1::int = ANY (pg_blocking_pids(pid))',
            [rows[0]!.pid],
          )
        ).rowCount! > 0;
      while (!(await isBlocked())) await delay(10);
      await holder.query(change, values);
      await holder.query('COMMIT');
      return await waiting;
    } finally {
      holder.release();
    }
  }

  it.each<[string, string]>([
    ['it is unlinked', 'DELETE FROM identities WHERE user_id = $1'],
    ['its account is disabled', 'UPDATE users SET is_active = false WHERE id = $1'],
  ])('%s: no session begins', async (_what, change) => {
    const somebody = await stage.signUp('liar');
    const login = await stage.logIn('liar');
    const { sessions } = await stage.traces();
    const answer = await exchangeWhile(login, somebody.id, change, [somebody.id]);
    expect(refusalOf(answer)).toEqual({ status: 401, code: 'INVALID_CREDENTIALS' });
    expect((await stage.traces()).sessions).toBe(sessions);
  });
});
