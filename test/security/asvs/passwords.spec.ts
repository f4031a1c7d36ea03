import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

it('a password that was set years ago opens the account as on the first day, and nothing asks for another', async () => {
  const ada = await server.signUp();
  await server.sql.query(
    `UPDATE users SET created_at = now() - interval '5 years', updated_at = now() - interval '5 years' WHERE id = $1`,
    [ada.id],
  );
  const login = await server.api.post('/users/login', { email: ada.email, password: ada.password });
  expect(login.status).toBe(200);
  const info = await server.as({ token: login.body.access_token }).get('/users/info');
  expect(info.status).toBe(200);
  expect(
    Object.keys({ ...login.body, ...info.body }).filter((name) => /expire.*password|password/.test(name)),
  ).toEqual([]);
});
