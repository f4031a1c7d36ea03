import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../../support/api-client.js';
import { codeTo, codesTo, moveTo, revertTokenTo } from '../../support/mailed-codes.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { unique } from '../../support/test-server.js';
import { NoticeStage, tokenIn } from '../../support/notice-stage.js';

const PASSWORD = 'nine lanterns over a harbour';

let stage: NoticeStage;
beforeAll(async () => {
  stage = await NoticeStage.open();
});
afterAll(() => stage.close());

const newPasskey = () =>
  new PasskeyClient(stage.server.api, new SoftwareAuthenticator(stage.server.config.publicUrl));
const newAddress = () => `${unique()}@example.com`;

/** Somebody who knows the password logs in. */
async function thiefOf(person: Actor): Promise<Actor & { device: string }> {
  const { body } = await stage.logIn(person);
  return { ...person, token: body.access_token, device: body.device_token };
}

const linksTo = async (email: string) => (await stage.letters({ email }, 'newDevice')).map(tokenIn);
const revert = (token: string) => stage.post('/auth/email/revert', { token });

async function reset(email: string): Promise<void> {
  if ((await codesTo(stage.server, email, 'passwordReset')).length === 0)
    await stage.post('/auth/password-reset/request', { email });
  const code = await codeTo(stage.server, email, 'passwordReset');
  const { status } = await stage.post('/auth/password-reset/confirm', {
    email,
    code,
    new_password: PASSWORD,
  });
  expect(status).toBe(200);
}

describe('whoever was thrown out of an account', () => {
  it('has no passkey there, whichever of several links its owner uses', async () => {
    const ada = await stage.person();
    const passkey = newPasskey();
    expect((await passkey.register(await thiefOf(ada))).status).toBe(201);
    expect((await passkey.logIn()).status).toBe(200);
    const links = await linksTo(ada.email);
    expect(links).toHaveLength(2);

    expect((await stage.disown(links.at(-1)!)).status).toBe(200);
    expect((await passkey.logIn()).status).toBe(401);
  });

  it('has no passkey there once the address is taken back, also when another session moved it', async () => {
    const ada = await stage.person();
    const hers = newPasskey();
    expect((await hers.register(ada)).status).toBe(201);
    const passkey = newPasskey();
    expect((await passkey.register(await thiefOf(ada))).status).toBe(201);
    const { body } = await passkey.logIn();
    expect((await moveTo(stage.server, { token: body.access_token }, newAddress())).status).toBe(200);

    expect((await revert(await revertTokenTo(stage.server, ada.email))).status).toBe(200);
    expect((await passkey.logIn()).status).toBe(401);
    // Nobody can say any more which were there before: all go, and the letter says so.
    expect((await hers.logIn()).status).toBe(401);
    expect((await stage.letter(ada, 'emailReverted')).text).toContain('passkeys');
  });

  it('uses no link that was mailed to where the account had been moved, once it is back', async () => {
    const ada = await stage.person();
    const evil = newAddress();
    const thief = await thiefOf(ada);
    const [first] = await linksTo(ada.email);
    await moveTo(stage.server, thief, evil);
    await stage.logIn({ ...ada, email: evil });
    const [foreign] = await linksTo(evil);
    expect((await revert(await revertTokenTo(stage.server, ada.email))).status).toBe(200);
    await reset(ada.email);
    const { body } = await stage.logIn({ ...ada, password: PASSWORD });
    const own = newPasskey();
    await own.register({ token: body.access_token });

    expect(await stage.disown(foreign!)).toMatchObject({
      status: 400,
      body: { error: { code: 'CODE_INVALID' } },
    });
    expect((await stage.server.as({ token: body.access_token }).get('/users/info')).status).toBe(200);
    expect((await own.logIn()).status).toBe(200);
    // What was mailed to the owner's own address is good again.
    expect((await stage.disown(first!)).status).toBe(200);
  });

  it('is mailed no code by a link that was mailed to the address before: the way back comes first', async () => {
    const ada = await stage.person();
    const evil = newAddress();
    const thief = await thiefOf(ada);
    const [link] = await linksTo(ada.email);
    await moveTo(stage.server, thief, evil);

    const answer = await stage.disown(link!);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'CODE_INVALID' } } });
    expect(answer.body.error.message).toContain('take the address back first');
    expect(await codesTo(stage.server, evil, 'passwordReset')).toEqual([]);
    expect((await revert(await revertTokenTo(stage.server, ada.email))).status).toBe(200);
    expect((await stage.server.as(thief).get('/users/info')).status).toBe(401);
  });

  it('has no device that is known, whichever of several links its owner uses', async () => {
    const ada = await stage.person();
    const thieves = [await thiefOf(ada), await thiefOf(ada)];
    expect((await stage.disown((await linksTo(ada.email)).at(-1)!)).status).toBe(200);
    await reset(ada.email);
    for (const { device } of thieves) {
      const known = (await linksTo(ada.email)).length;
      expect((await stage.logIn({ ...ada, password: PASSWORD }, { device })).status).toBe(200);
      expect(await linksTo(ada.email)).toHaveLength(known + 1);
    }
  });

  it('has none after a reset either, while its owner’s first one stays known', async () => {
    const ada = await stage.person();
    const { rows } = await stage.server.sql.query<{ id: string }>(
      'SELECT id FROM known_devices WHERE user_id = $1',
      [ada.id],
    );
    await thiefOf(ada);
    await thiefOf(ada);
    await reset(ada.email);
    const left = await stage.server.sql.query('SELECT id FROM known_devices WHERE user_id = $1', [ada.id]);
    expect(left.rows).toEqual(rows);
  });
});
