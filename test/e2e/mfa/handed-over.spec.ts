import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AdminAccountsService } from '../../../src/auth/admin-accounts.service.js';
import { codeTo } from '../../support/mailed-codes.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';
import { MfaPeople } from './mfa-people.js';

const PASSWORD = 'seven lanterns over a quiet harbour';

let server: TestServer;
let people: MfaPeople;
beforeAll(async () => {
  server = await startTestServer();
  people = new MfaPeople(server);
});
afterAll(() => server.close());

const accounts = () => server.app.get(AdminAccountsService);
const newPasskey = () => new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));

async function reset(email: string): Promise<void> {
  expect((await server.api.post('/auth/password-reset/request', { email })).status).toBe(202);
  const code = await codeTo(server, email, 'passwordReset');
  const { status } = await server.api.post('/auth/password-reset/confirm', {
    email,
    code,
    new_password: PASSWORD,
  });
  expect(status).toBe(200);
}

describe('an account that becomes an admin’s', () => {
  it('opens to no passkey of whoever registered it, nor to one that they had begun to register', async () => {
    const squatter = await server.signUp();
    const passkey = newPasskey();
    expect((await passkey.register(squatter)).status).toBe(201);
    await server.as(squatter).post('/auth/passkeys/register/options');
    await accounts().raise(squatter.email);
    expect((await passkey.logIn()).status).toBe(401);
    const { rows } = await server.sql.query('SELECT FROM passkey_challenges WHERE user_id = $1', [
      squatter.id,
    ]);
    expect(rows).toEqual([]);
    expect(await people.eventsOf(squatter, 'passkey_removed')).toHaveLength(1);
  });
});

describe('an admin whom the operator made', () => {
  it.each([
    ['with a new account', () => accounts().create(`boss-${unique()}@example.com`)],
    ['of an account that there was', async () => accounts().raise((await server.signUp()).email)],
  ])('%s has an address that counts as verified', async (_, make) => {
    const { email, generatedPassword } = await make();
    const token = await server.logIn({ email, password: generatedPassword! });
    expect((await server.as({ token }).get('/users/info')).body.email_verified).toBe(true);
  });

  it('keeps the second factor in a reset, so that the mailbox alone opens nothing', async () => {
    const { email, generatedPassword } = await accounts().create(`boss-${unique()}@example.com`);
    const token = await server.logIn({ email, password: generatedPassword! });
    const { id } = (await server.as({ token }).get('/users/info')).body;
    await people.withApp({ id, email, token, name: 'Administrator', password: generatedPassword! });
    await reset(email);
    expect((await people.logIn({ email, password: PASSWORD })).body.mfa_required).toBe(true);
  });

  it('keeps it also when the address is not verified, as it was with accounts of earlier versions', async () => {
    const admin = await people.withApp(await server.signUpAdmin());
    const passkey = newPasskey();
    expect((await passkey.register(admin)).status).toBe(201);
    await reset(admin.email);
    expect((await people.logIn({ ...admin, password: PASSWORD })).body.mfa_required).toBe(true);
    expect((await passkey.logIn()).status).toBe(200);
  });
});
