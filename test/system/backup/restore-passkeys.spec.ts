import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PasskeyClient } from '../../support/passkey-client.js';
import { RestoreStage } from '../../support/restore-stage.js';
import { PUBLIC_URL } from '../../support/service-process.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';

let stage: RestoreStage;
beforeAll(async () => {
  stage = await RestoreStage.open();
});
afterAll(() => stage.close());

it('after a restore passkeys log in as before, and no challenge from before is good', async () => {
  const service = await stage.startService();
  const ada = await stage.signUp(service);
  const client = new PasskeyClient(service.api, new SoftwareAuthenticator(PUBLIC_URL));
  expect((await client.register(ada)).status).toBe(201);
  expect((await client.logIn()).status).toBe(200);
  const { body: options } = await service.api.post('/auth/passkeys/login/options', {});
  const { file } = await stage.backUp();
  // By the authenticator this one stays: its counter has gone on when the backup's is back.
  expect((await client.logIn()).status).toBe(200);

  await stage.succeed(['backup:restore', file, '--yes']);
  const answer = await stage.answerOf(() => client.verify(client.authenticator.get(options)));
  expect(answer.status).toBe(401);
  expect(await stage.sql('SELECT FROM passkey_challenges')).toEqual([]);
  expect((await client.logIn()).status).toBe(200);
});
