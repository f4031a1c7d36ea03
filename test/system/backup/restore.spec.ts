import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Actor } from '../../support/api-client.js';
import { RestoreStage } from '../../support/restore-stage.js';
import type { ServiceProcess } from '../../support/service-process.js';

let stage: RestoreStage;
beforeEach(async () => {
  stage = await RestoreStage.open();
});
afterEach(() => stage.close());

const note = (service: ServiceProcess, actor: Actor, content: string) =>
  service.api.as(actor).post('/users/notes', { title: 'a note', content });

describe('beside a running service', () => {
  it('what was backed up is back, what came later is gone, and nobody is logged in', async () => {
    const service = await stage.startService();
    const ada = await stage.signUp(service);
    const bob = await stage.signUp(service);
    const kept = (await note(service, ada, 'before')).body.id as number;
    const { file } = await stage.backUp();
    const later = (await note(service, ada, 'after')).body.id as number;
    expect((await service.api.as(bob).delete('/users')).status).toBe(204);
    const eve = await stage.signUp(service);

    const restore = stage.begin(['backup:restore', file, '--yes']);
    const seen = new Set<string>();
    while (!restore.hasEnded) {
      const answer = await service.api.as(ada).get('/users/info');
      seen.add(`${answer.status} ${answer.body.error?.code ?? ''}`);
      if (answer.status === 503) {
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
        expect((await service.api.get('/health')).status).toBe(200);
      }
      await delay(20);
    }
    expect({ ...(await restore.ended), stderr: restore.stderr }).toMatchObject({ code: 0 });
    expect(seen).toEqual(new Set(['200 ', '503 MAINTENANCE']));

    // The service comes back by itself.
    let answer = await service.api.as(ada).get('/users/info');
    while (answer.status === 503) {
      await delay(50);
      answer = await service.api.as(ada).get('/users/info');
    }
    expect(answer.status).toBe(401);
    ada.token = await service.logIn(ada.email, ada.password);
    expect((await service.api.as(ada).get(`/users/notes/${kept}`)).body).toMatchObject({ content: 'before' });
    expect((await service.api.as(ada).get(`/users/notes/${later}`)).status).toBe(404);
    for (const { email, password } of [bob, eve])
      expect((await service.api.post('/users/login', { email, password })).status).toBe(401);

    // Numbers that were given are not given again.
    expect((await note(service, ada, 'anew')).body.id).toBeGreaterThan(later);
    expect((await stage.signUp(service)).id).toBeGreaterThan(eve.id);

    // The former database is kept until it is told to go.
    const [former, ...others] = await stage.siblings();
    expect(former).toMatch(/_before_\d{8}T\d{6}Z$/);
    expect(others).toEqual([]);
    expect(restore.stdout).toContain(`backup:drop-old ${former}`);
    expect(await stage.sqlIn(former!, `SELECT id FROM users WHERE id = ${eve.id}`)).toEqual([
      { id: String(eve.id) },
    ]);
    expect((await stage.backups()).at(-1)!.manifest).toMatchObject({
      reason: 'restore',
      verification: 'read',
    });
    await stage.succeed(['backup:drop-old', former!, '--yes']);
    expect(await stage.siblings()).toEqual([]);
  });
});
