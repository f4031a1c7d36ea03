import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { CandidatesService } from '../../../src/voting/candidates/candidates.service.js';
import { refuseOpenDemoAccounts } from '../../../src/demo/demo-accounts.js';
import { seedDemo } from '../../../src/demo/seed-demo.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const DEMO = { email: 'ada@example.com', password: 'demo otters sail at noon' };

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
});

const emails = async () =>
  (await server.sql.query<{ email: string }>('SELECT email FROM users ORDER BY email')).rows.map(
    ({ email }) => email,
  );
const candidates = async () =>
  (await server.sql.query<{ name: string }>('SELECT name FROM candidates ORDER BY name')).rows.map(
    ({ name }) => name,
  );

it('the demo has accounts that log in, candidates and notes, and a second start adds nothing', async () => {
  const said = await seedDemo(server.app);
  expect(said).toEqual([
    `Demo accounts: demo-admin@example.com, ada@example.com, grace@example.com; password: ${DEMO.password}`,
  ]);
  expect(await candidates()).toEqual(['Alex Demo', 'Robin Demo', 'Sam Demo']);
  const ada = server.as({ token: await server.logIn(DEMO) });
  expect((await ada.get('/users/notes')).body.items).toHaveLength(2);
  expect(await seedDemo(server.app)).toEqual(said);
  expect(await candidates()).toHaveLength(3);
  expect(await emails()).toHaveLength(3);
  expect((await ada.get('/users/notes')).body.items).toHaveLength(2);
});

it('what is there already is passed over one by one, and nothing else is missing for it', async () => {
  await server.signUp({ email: 'somebody@example.com', username: 'ada' });
  await server.signUp({ email: 'demo-admin@example.com' });
  await server.app.get(CandidatesService).create({ name: 'Robin Demo', party: 'Another' });
  const said = await seedDemo(server.app);
  // Who registered these themselves keeps them, and no public password is told for them.
  expect(said).toEqual([`Demo accounts: grace@example.com; password: ${DEMO.password}`]);
  expect(await emails()).toEqual(['demo-admin@example.com', 'grace@example.com', 'somebody@example.com']);
  expect(await candidates()).toEqual(['Alex Demo', 'Robin Demo', 'Sam Demo']);
  const { rows } = await server.sql.query(`SELECT role FROM users WHERE email = 'demo-admin@example.com'`);
  expect(rows).toEqual([{ role: 'user' }]);
});

it('what cannot be made is told, and the service starts with the rest', async () => {
  jest.spyOn(server.app.get(CandidatesService), 'create').mockRejectedValue(new Error('no room'));
  const said = await seedDemo(server.app);
  expect(said).toHaveLength(4);
  expect(said[1]).toBe("The demo's Alex Demo could not be made: Error: no room");
  expect(await emails()).toHaveLength(3);
});

it('production is refused while a demo account is open: not changed, not disabled', async () => {
  await expect(refuseOpenDemoAccounts(server.app)).resolves.toBeUndefined();
  await seedDemo(server.app);
  await expect(refuseOpenDemoAccounts(server.app)).rejects.toThrow(
    /^The password of demo-admin@example\.com, ada@example\.com, grace@example\.com is that of the public demo/,
  );
  await server.sql.query(`UPDATE users SET is_active = false WHERE email <> 'ada@example.com'`);
  await expect(refuseOpenDemoAccounts(server.app)).rejects.toThrow(/^The password of ada@example\.com is/);
  const ada = server.as({ token: await server.logIn(DEMO) });
  const changed = await ada.post('/users/change-password', {
    current_password: DEMO.password,
    new_password: 'nine lanterns over the harbour',
  });
  expect(changed.status).toBeLessThan(300);
  await expect(refuseOpenDemoAccounts(server.app)).resolves.toBeUndefined();
});
