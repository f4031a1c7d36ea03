import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

const PASSWORD = 'seven lanterns over a quiet harbour';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const codeFor = async (email: string): Promise<string> => {
  const mails = (await server.mailsTo(email)).filter(({ kind }) => kind === 'passwordReset');
  return /\b(\d{4} \d{4})\b/.exec(mails.at(-1)!.text)![1]!;
};
const request = (email: string) => server.api.post('/auth/password-reset/request', { email });
const confirm = (email: string, code: string, password = PASSWORD) =>
  server.api.post('/auth/password-reset/confirm', { email, code, new_password: password });

describe('a forgotten password', () => {
  it('is set anew with the code that is mailed, and is logged in with', async () => {
    const alice: Actor = await server.signUp();
    expect((await request(alice.email)).status).toBe(202);
    const answer = await confirm(alice.email, await codeFor(alice.email));
    expect(answer.status).toBe(200);
    expect((await server.as(alice).get('/users/info')).status).toBe(401);
    const token = await server.logIn({ email: alice.email, password: PASSWORD });
    expect((await server.as({ token }).get('/users/info')).body).toMatchObject({
      email: alice.email,
      email_verified: true,
    });
    expect(unique()).toBeTruthy();
  });
});
