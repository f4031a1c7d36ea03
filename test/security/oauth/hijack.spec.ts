import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { codeTo, verifyEmail } from '../../support/mailed-codes.js';
import type { Answer } from '../../support/api-client.js';
import {
  brokenOff,
  OTHER_TENANT,
  refusalOf,
  SERVER_ERROR,
  SocialStage,
  TENANT,
} from '../../support/identity-providers/social-stage.js';
import { CONSUMERS } from '../../support/identity-providers/microsoft.js';

type Names = 'google' | 'microsoft' | 'facebook' | 'keycloak' | 'liar';

let stage: SocialStage<Names>;
beforeAll(async () => {
  stage = await SocialStage.start({ providers: ['google', 'microsoft', 'facebook', 'keycloak', 'liar'] });
});
afterAll(() => stage.close());

const NOT_LINKED = { status: 409, code: 'IDENTITY_NOT_LINKED' };
const NOBODY = { status: 401, code: 'INVALID_CREDENTIALS' };

/** Logs in at the provider and hands in the code, of which no account, identity or session may come. */
const expectNothingOf = async (name: Names): Promise<Answer> =>
  stage.leavingNoTrace(async () => stage.exchange(await stage.logIn(name)));

const passwordOpens = async (email: string, password: string) =>
  (await stage.server.api.post('/users/login', { email, password })).status === 200;

describe('an account that was made before its owner came', () => {
  it.each(['google', 'microsoft', 'facebook', 'keycloak'] as const)(
    'with a password, by somebody who never had the address: %s leads the owner to no account of theirs',
    async (name) => {
      const attacker = await stage.server.signUp();
      stage.become(name, { email: attacker.email });
      expect(refusalOf(await expectNothingOf(name))).toEqual(NOT_LINKED);
      expect(await stage.identitiesOf(attacker.token)).toEqual([]);
      expect((await stage.server.as(attacker).get('/users/info')).body.email_verified).toBe(false);
    },
  );

  it('whatever the spelling of the address', async () => {
    const attacker = await stage.server.signUp();
    for (const email of [attacker.email.toUpperCase(), attacker.email.replace('person', 'Person')]) {
      stage.become('google', { email });
      expect(refusalOf(await expectNothingOf('google'))).toEqual(NOT_LINKED);
    }
  });

  it('at a provider that does not prove addresses: the owner’s registration is refused as for any taken one, and nothing is shared', async () => {
    const attacker = await stage.signUp('facebook');
    const registered = await stage.server.api.post('/users/register', {
      name: 'Owner',
      email: attacker.email,
      password: 'a curious otter sings at dawn',
    });
    expect(refusalOf(registered)).toEqual({ status: 400, code: 'USER_EXISTS' });
    expect((await stage.server.as(attacker).get('/users/info')).body.email_verified).toBe(false);
  });

  it('at a provider that does not prove addresses: the owner comes with one that does, and is not put into it', async () => {
    const attacker = await stage.signUp('facebook');
    stage.become('google', { email: attacker.email });
    expect(refusalOf(await expectNothingOf('google'))).toEqual(NOT_LINKED);
    expect(await stage.identitiesOf(attacker.token)).toMatchObject([{ provider: 'facebook' }]);
  });

  it('at a provider that does not prove addresses: a reset by who has the mailbox takes the identity out', async () => {
    const attacker = await stage.signUp('facebook');
    await stage.server.api.post('/auth/password-reset/request', { email: attacker.email });
    const password = 'an owner who reads their mail';
    const reset = await stage.server.api.post('/auth/password-reset/confirm', {
      email: attacker.email,
      code: await codeTo(stage.server, attacker.email, 'passwordReset'),
      new_password: password,
    });
    expect({ status: reset.status, body: reset.body }).toMatchObject({ status: 200 });
    expect(await passwordOpens(attacker.email, password)).toBe(true);
    // The account was nobody's who had shown the address: what its maker set up opens it no longer.
    const again = await stage.exchange(await stage.logIn('facebook'));
    expect(again.status).toBeGreaterThanOrEqual(400);
    expect((await stage.server.as(attacker).get('/users/info')).status).toBe(401);
  });

  it('with a password, and was never verified: linking it asks for that password, which the owner does not have', async () => {
    const attacker = await stage.server.signUp();
    stage.become('google', { email: attacker.email });
    const login = await stage.logIn('google');
    const refused = await stage.exchange(login);
    const owner = await stage.server.signUp();
    const linked = await stage.server.as(owner).post('/auth/identities', {
      code: refused.body.error.details.link_code,
      code_verifier: login.pkce.verifier,
    });
    expect(linked.status).toBeGreaterThanOrEqual(400);
    expect(await stage.identitiesOf(owner.token)).toEqual([]);
  });

  it('by a social login: no password opens it, neither an empty one nor any', async () => {
    const { email } = await stage.signUp('google');
    for (const password of ['', ' ', 'null', 'undefined', 'a curious otter sings']) {
      const answer = await stage.server.api.post('/users/login', { email, password });
      expect([401, 422]).toContain(answer.status);
    }
  });
});

describe('the mark of a verified address', () => {
  const verifiedAfter = async (name: Names, claims: Record<string, unknown>) => {
    const { token } = await stage.signUp(name, claims);
    return (await stage.server.as({ token }).get('/users/info')).body.email_verified as boolean;
  };

  it.each<[Names, Record<string, unknown>, boolean]>([
    ['google', { email_verified: true }, true],
    ['google', { email_verified: true, hd: undefined }, false],
    ['google', { email_verified: true, hd: undefined, email: 'an.address@gmail.com' }, true],
    ['google', { email_verified: true, hd: '' }, false],
    ['google', { email_verified: false, hd: 'example.com' }, false],
    ['google', { email_verified: true, hd: undefined, email: 'the.first@gmail.com.example.com' }, false],
    ['google', { email_verified: false, hd: undefined, email: 'the.second@gmail.com' }, false],
    ['google', { email_verified: false }, false],
    ['google', { email_verified: undefined }, false],
    ['keycloak', { email_verified: true }, true],
    ['keycloak', { email_verified: undefined }, false],
    ['liar', { email_verified: 'false' }, false],
    ['liar', { email_verified: 'yes' }, false],
    ['liar', { email_verified: [true] }, false],
    ['liar', { email_verified: {} }, false],
    ['facebook', {}, false],
    ['microsoft', {}, false],
    ['microsoft', { email_verified: true }, false],
    ['microsoft', { xms_edov: true }, true],
    ['microsoft', { xms_edov: false }, false],
    ['microsoft', { xms_edov: '0' }, false],
  ])('%s with %j: %s', async (name, claims, expected) => {
    expect(await verifiedAfter(name, claims)).toBe(expected);
  });

  it('is not taken over from a login to an account that was verified otherwise', async () => {
    const { token } = await stage.signUp('google', { email_verified: false });
    expect((await stage.server.as({ token }).get('/users/info')).body.email_verified).toBe(false);
  });
});

describe('an address that changed at the provider', () => {
  it('moves nobody: the account keeps its own, and stays the same account', async () => {
    const { id, sub, email } = await stage.signUp('google');
    const other = await stage.server.signUp();
    for (const next of [`renamed-${email}`, other.email]) {
      stage.become('google', { sub, email: next });
      const token = await stage.enter('google');
      expect(await stage.idOf(token)).toBe(id);
      expect((await stage.server.as({ token }).get('/users/info')).body.email).toBe(email);
    }
    expect(await stage.identitiesOf(other.token)).toEqual([]);
  });

  it('leaves who gets the address next at the provider outside: the subject counts', async () => {
    const first = await stage.signUp('google');
    stage.become('google', { email: first.email });
    expect(refusalOf(await expectNothingOf('google'))).toEqual(NOT_LINKED);
  });

  it('is that of another subject in another spelling: subjects are compared to the letter', async () => {
    const first = await stage.signUp('keycloak', { sub: 'alice' });
    for (const sub of ['Alice', 'alice ', 'ａlice', 'alice\u200b']) {
      const second = await stage.signUp('keycloak', { sub });
      expect(second.id).not.toBe(first.id);
    }
  });
});

describe('an account of which nothing is to open', () => {
  it('is disabled: its identity opens it no longer, and no second account comes of it', async () => {
    const somebody = await stage.signUp('google');
    const admin = await stage.server.signUpAdmin();
    await stage.server.as(admin).patch(`/admin/users/${somebody.id}`, { is_active: false });
    expect(refusalOf(await expectNothingOf('google'))).toEqual(NOBODY);
    await stage.server.as(admin).patch(`/admin/users/${somebody.id}`, { is_active: true });
    expect(await stage.idOf(await stage.enter('google'))).toBe(somebody.id);
  });

  it('is disabled between the provider and the exchange', async () => {
    const somebody = await stage.signUp('google');
    const admin = await stage.server.signUpAdmin();
    const login = await stage.logIn('google');
    await stage.server.as(admin).patch(`/admin/users/${somebody.id}`, { is_active: false });
    const answer = await stage.leavingNoTrace(() => stage.exchange(login));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  it('is disabled and has the address: a new identity neither opens it nor says so', async () => {
    const person = await stage.server.signUp();
    const admin = await stage.server.signUpAdmin();
    await stage.server.as(admin).patch(`/admin/users/${person.id}`, { is_active: false });
    stage.become('google', { email: person.email });
    const answer = await expectNothingOf('google');
    expect([NOT_LINKED, NOBODY]).toContainEqual(refusalOf(answer));
  });

  it('was deleted: the identity is nobody’s, and a new login makes a new account', async () => {
    const somebody = await stage.signUp('google');
    expect((await stage.server.as(somebody).delete('/users')).status).toBe(204);
    const { rowCount } = await stage.server.sql.query('SELECT FROM identities WHERE subject = $1', [
      somebody.sub,
    ]);
    expect(rowCount).toBe(0);
    const again = await stage.enter('google');
    expect(await stage.idOf(again)).not.toBe(somebody.id);
  });
});

describe('Microsoft', () => {
  const microsoft = () => stage.at.microsoft;

  it('has the same subject in two tenants for two people', async () => {
    const { sub } = stage.become('microsoft', {});
    microsoft().person = { ...microsoft().person, sub, tid: TENANT };
    const first = await stage.idOf(await stage.enter('microsoft'));
    microsoft().person = {
      ...microsoft().person,
      tid: OTHER_TENANT,
      email: `other-${microsoft().person.email!}`,
    };
    expect(await stage.idOf(await stage.enter('microsoft'))).not.toBe(first);
    microsoft().person = { ...microsoft().person, tid: TENANT };
  });

  it('lets an administrator of any tenant write any address: with xms_edov too, no account of that address opens', async () => {
    const victim = await stage.server.signUp();
    await verifyEmail(stage.server, victim);
    for (const xms_edov of [undefined, false, true, '1']) {
      stage.become('microsoft', { email: victim.email, tid: OTHER_TENANT, xms_edov });
      expect(refusalOf(await expectNothingOf('microsoft'))).toEqual(NOT_LINKED);
    }
    expect(await stage.identitiesOf(victim.token)).toEqual([]);
    stage.become('microsoft', { tid: TENANT });
  });

  it('is told to let in one tenant: nobody of another comes in', async () => {
    const server = await stage.startAnother({ OAUTH_MICROSOFT_TENANT: TENANT });
    stage.become('microsoft', { tid: TENANT });
    expect((await stage.logIn('microsoft', {}, server)).error).toBeUndefined();
    stage.become('microsoft', { tid: OTHER_TENANT });
    const login = await stage.leavingNoTrace(() => stage.logIn('microsoft', {}, server));
    expect(login.code).toBeUndefined();
    stage.become('microsoft', { tid: TENANT });
    await server.close();
  });

  it('is told to let in personal accounts, or all others: the rest stays outside', async () => {
    const personal = await stage.startAnother({ OAUTH_MICROSOFT_TENANT: 'consumers' });
    stage.become('microsoft', { tid: TENANT });
    expect(brokenOff(await stage.logIn('microsoft', {}, personal))).toEqual(SERVER_ERROR);
    await personal.close();
    const organizations = await stage.startAnother({ OAUTH_MICROSOFT_TENANT: 'organizations' });
    expect((await stage.logIn('microsoft', {}, organizations)).error).toBeUndefined();
    stage.become('microsoft', { tid: CONSUMERS });
    expect(brokenOff(await stage.logIn('microsoft', {}, organizations))).toEqual(SERVER_ERROR);
    stage.become('microsoft', { tid: TENANT });
    await organizations.close();
  });
});
