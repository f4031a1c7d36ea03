import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const newClient = (kind: 'ES256' | 'EdDSA' = 'ES256', counts = true) =>
  new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl, kind, counts));

describe('a passkey', () => {
  it.each(['ES256', 'EdDSA'] as const)('of %s is registered, and logs in', async (kind) => {
    const alice = await server.signUp();
    const client = newClient(kind);
    const registered = await client.register(alice, {}, 'Laptop');
    expect(registered.body).toMatchObject({ name: 'Laptop' });
    expect(registered.status).toBe(201);
    for (const named of [{}, { email: alice.email }]) {
      const answer = await client.logIn({}, named);
      expect(answer.body).toMatchObject({ token_type: 'bearer' });
      const { body } = await server.as({ token: answer.body.access_token }).get('/users/info');
      expect(body).toMatchObject({ email: alice.email });
    }
  });
});
