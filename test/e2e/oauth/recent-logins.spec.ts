import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer } from '../../support/api-client.js';
import { refusalOf, SocialStage } from '../../support/identity-providers/social-stage.js';

let stage: SocialStage<'liar'>;
beforeAll(async () => {
  stage = await SocialStage.start({ providers: ['liar'] });
});
afterAll(() => stage.close());
beforeEach(() => {
  stage.at.liar.repent();
});

describe('a login that the provider remembers', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const deleteAccount = async (claims: Record<string, unknown>): Promise<Answer> => {
    stage.at.liar.idToken = { claims };
    const { token } = await stage.signUp('liar');
    return stage.server.as({ token }).delete('/users');
  };

  it.each<[string, () => Record<string, unknown>]>([
    ['an hour ago', () => ({ auth_time: now() - 3600 })],
    ['sixteen minutes ago', () => ({ auth_time: now() - 16 * 60 })],
    ['long before there were computers', () => ({ auth_time: 0 })],
  ])('was %s: what matters asks for a new one', async (_when, claims) => {
    expect(refusalOf(await deleteAccount(claims()))).toEqual({
      status: 403,
      code: 'REAUTHENTICATION_REQUIRED',
    });
  });

  it.each<[string, () => Record<string, unknown>]>([
    ['just now', () => ({ auth_time: now() })],
    ['a minute ago', () => ({ auth_time: now() - 60 })],
    ['at a time that it does not tell', () => ({ auth_time: undefined })],
  ])('was %s: what matters may be done', async (_when, claims) => {
    expect((await deleteAccount(claims())).status).toBe(204);
  });

  it('was in the future: that makes it no longer recent than any other', async () => {
    stage.at.liar.idToken = { claims: { auth_time: now() + 86_400 } };
    const login = await stage.logIn('liar');
    expect((await stage.exchange(login)).status).toBe(200);
    const { rows } = await stage.server.sql.query<{ ahead: boolean }>(
      'SELECT max(authenticated_at) > now() AS ahead FROM sessions',
    );
    expect(rows).toEqual([{ ahead: false }]);
  });

  it.each([-1e300, -1, 0.5, 'yesterday', null, [], {}])(
    'was at %j: the browser is sent back as ever',
    async (auth_time) => {
      stage.at.liar.idToken = { claims: { auth_time } };
      stage.become('liar');
      const login = await stage.logIn('liar');
      expect(login.callback.status).toBe(302);
    },
  );
});
