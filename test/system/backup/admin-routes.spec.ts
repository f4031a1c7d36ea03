import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../../support/api-client.js';
import { BackupStage } from '../../support/backup-stage.js';

let stage: BackupStage;
let admin: Actor;
beforeAll(async () => {
  stage = await BackupStage.open();
  admin = await stage.server.signUpAdmin();
});
afterAll(() => stage.close());

const api = () => stage.server.as(admin);

async function ended(id: number): Promise<{ state: string }> {
  for (;;) {
    const { body } = await api().get(`/admin/backups/${id}`);
    if (body.state !== 'running') return body as { state: string };
    await delay(50);
  }
}

describe('/admin/backups', () => {
  it('begins a run and tells how it went', async () => {
    const started = await api().post('/admin/backups');
    expect(started.status).toBe(202);
    const { id } = started.body as { id: number };
    expect(await ended(id)).toEqual({
      id,
      reason: 'manual',
      file: expect.stringMatching(/^mc101-.*\.dump$/),
      state: 'verified',
      started_at: expect.any(String),
      finished_at: expect.any(String),
      bytes: expect.any(Number),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      verified_at: expect.any(String),
      verification: 'restore',
      note: null,
      error: null,
    });
  });

  it('runs one at a time', async () => {
    await stage.tools.hold('pg_dump');
    const { body } = await api().post('/admin/backups');
    await stage.tools.held('pg_dump');
    const second = await api().post('/admin/backups');
    expect(second.status).toBe(409);
    expect(second.body.error.code).toBe('BACKUP_RUNNING');
    await stage.tools.release('pg_dump');
    expect((await ended(body.id)).state).toBe('verified');
  });

  it('lists the runs a page at a time, newest first', async () => {
    const first = await api().get('/admin/backups?limit=1');
    const second = await api().get(`/admin/backups?limit=1&cursor=${first.body.next_cursor}`);
    expect([...first.body.items, ...second.body.items].map(({ id }: { id: number }) => id)).toEqual([2, 1]);
    expect(second.body.next_cursor).toBeNull();
  });

  it('shows why a run failed', async () => {
    await stage.server.sql.query('REVOKE ALL ON note_password_attempts FROM mc101_owner, mc101_app');
    const { body } = await api().post('/admin/backups');
    const run = await ended(body.id);
    await stage.server.sql.query('GRANT ALL ON note_password_attempts TO mc101_owner, mc101_app');
    expect(run).toMatchObject({
      state: 'failed',
      file: null,
      error: expect.stringContaining('note_password_attempts'),
    });
  });

  it('is for admins', async () => {
    const user = stage.server.as(await stage.server.signUp());
    for (const answer of [
      await user.get('/admin/backups'),
      await user.get('/admin/backups/1'),
      await user.post('/admin/backups'),
    ])
      expect(answer.status).toBe(403);
    expect((await stage.server.api.post('/admin/backups')).status).toBe(401);
  });

  it('knows no other ids', async () => {
    for (const id of ['999', '0', 'x', '1e1'])
      expect((await api().get(`/admin/backups/${id}`)).body.error.code).toBe('BACKUP_NOT_FOUND');
  });
});
