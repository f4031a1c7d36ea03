import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SecurityNotices, type SecurityNotice } from '../../../src/auth/notices/security-notices.js';
import { requestContext } from '../../../src/common/logging/request-context.js';
import type { OutgoingMail } from '../../../src/mail/transports/mail-transport.js';
import type { LetterKind } from '../../../src/mail/letters/letters.js';
import type { Actor } from '../../support/api-client.js';
import { codeTo, revertTokenTo } from '../../support/mailed-codes.js';
import { FIREFOX, NoticeStage } from '../../support/notice-stage.js';
import { unique } from '../../support/test-server.js';

const FROM_WHERE =
  /^When: \d{4}-\d\d-\d\d \d\d:\d\d UTC\nAddress: 8\.8\.8\.8\nDevice: Firefox 131 on Linux\nPlace: United States$/m;

/** Of what happens to addresses, letters of their own tell: below. */
type Told = Exclude<SecurityNotice['kind'], 'email_changed' | 'email_reverted'>;

/** What each notice is announced with, and by which letter it is told. A new kind needs a line here. */
const TOLD: Record<Told, { letter: LetterKind; with?: object }> = {
  refresh_reuse: { letter: 'refreshReuse' },
  password_changed: { letter: 'passwordChanged' },
  password_reset: { letter: 'passwordResetDone', with: { factorsRemoved: false } },
  password_replaced: { letter: 'passwordReplaced', with: { factorsRemoved: true } },
  username_changed: { letter: 'usernameChanged' },
  mfa_changed: { letter: 'mfaChanged', with: { change: 'enabled' } },
  new_device: { letter: 'newDevice' },
  login_disowned: { letter: 'loginDisowned' },
  lockout: { letter: 'lockout', with: { seconds: 900 } },
  second_factor_lockout: {
    letter: 'secondFactorLockout',
    with: { seconds: 900, firstFactor: 'password' },
  },
  proof_lockout: { letter: 'proofLockout', with: { seconds: 900 } },
  passkey_registered: { letter: 'passkeyRegistered' },
  passkey_removed: { letter: 'passkeyRemoved' },
  passkey_clone_suspected: { letter: 'passkeyCloneSuspected' },
  identity_linked: { letter: 'identityLinked' },
  identity_unlinked: { letter: 'identityUnlinked' },
};

const KINDS = Object.keys(TOLD) as Told[];
/** Where operators are is nobody's business. */
const BY_OPERATOR: Told[] = ['password_replaced'];

let stage: NoticeStage;
beforeAll(async () => {
  stage = await NoticeStage.open();
});
afterAll(() => stage.close());

/** Announces something as if a request of FIREFOX did it. @returns the letter about it */
async function tell(kind: Told, person: Actor): Promise<OutgoingMail> {
  const { rows } = await stage.server.sql.query<{ sessionId: string; deviceId: string }>(
    `SELECT s.id AS "sessionId", d.id AS "deviceId" FROM sessions s JOIN known_devices d USING (user_id)
     WHERE s.user_id = $1`,
    [person.id],
  );
  const notice = { ...rows[0], kind, userId: person.id, ...TOLD[kind].with } as SecurityNotice;
  await requestContext.run({ request_id: 'r', address: '8.8.8.8', userAgent: FIREFOX }, () =>
    stage.server.app
      .get(DataSource)
      .transaction((manager) => stage.server.app.get(SecurityNotices).announce(notice, manager)),
  );
  return stage.letter(person, TOLD[kind].letter);
}

function expectOrigin({ text, html }: OutgoingMail): void {
  expect(text).toMatch(FROM_WHERE);
  for (const fact of ['8.8.8.8', 'Firefox 131 on Linux', 'United States']) expect(html).toContain(fact);
}

/** Moves somebody to another address. @returns their former one */
async function moveAway(person: Actor): Promise<Pick<Actor, 'email'>> {
  const email = `moved-${unique()}@example.com`;
  const asked = await stage.server.as(person).patch('/users', { email });
  expect(asked.status).toBe(200);
  const code = await codeTo(stage.server, email, 'changeEmail');
  expect((await stage.post('/auth/email/confirm-change', { code }, {}, person)).status).toBe(200);
  return { email: person.email };
}

describe('when, and from which address, device and place, tells', () => {
  it.each(KINDS.filter((kind) => !BY_OPERATOR.includes(kind)))('the letter about %s', async (kind) => {
    expectOrigin(await tell(kind, await stage.person()));
  });

  it('the letter to the address that an account has left, whether or not it was verified', async () => {
    for (const person of [await stage.person(), await stage.server.signUp()])
      expectOrigin(await stage.letter(await moveAway(person), 'emailChanged'));
  });

  it('the letter to the address that is the account’s again', async () => {
    const former = await moveAway(await stage.person());
    const token = await revertTokenTo(stage.server, former.email);
    expect((await stage.post('/auth/email/revert', { token })).status).toBe(200);
    expectOrigin(await stage.letter(former, 'emailReverted'));
  });

  it('the letter with the code to set a new password', async () => {
    const ada = await stage.person();
    expect((await stage.post('/auth/password-reset/request', { email: ada.email })).status).toBe(202);
    expectOrigin(await stage.letter(ada, 'passwordReset'));
  });
});

it.each(BY_OPERATOR)('when, and nothing of where, tells the letter about %s', async (kind) => {
  const { text, html } = await tell(kind, await stage.person());
  expect(text).toMatch(/^When: /m);
  expect(`${text}${html}`).not.toMatch(/8\.8\.8\.8|Firefox|United States/);
});

it('a letter for nobody is told as much as one for somebody', async () => {
  const ada = await stage.person();
  const nobody = { email: ada.email.replace(/^./, 'x') };
  const sizes = [];
  for (const { email } of [ada, nobody]) {
    await stage.post('/auth/password-reset/request', { email });
    const { rows } = await stage.server.sql.query<{ bytes: number }>(
      `SELECT octet_length(sealed) AS bytes FROM mail_messages WHERE kind = 'passwordReset'
       ORDER BY created_at DESC LIMIT 1`,
    );
    sizes.push(rows[0]!.bytes);
  }
  expect(sizes[1]).toBe(sizes[0]);
});
