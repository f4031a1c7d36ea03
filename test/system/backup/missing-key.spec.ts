import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, jest } from '@jest/globals';
import { BackupsService } from '../../../src/backup/backups.service.js';
import { KeysService } from '../../../src/keys/keys.service.js';
import { createTestDatabase } from '../../support/test-database.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

jest.setTimeout(90_000);

it('a key that no row needs any more, and a retained backup still does, is missed by /ready by name', async () => {
  const backupDir = await mkdtemp(path.join(tmpdir(), 'mc101-test-'));
  const database = await createTestDatabase();
  const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
  const [old, next] = [key('old'), key('next')];

  async function on<T>(ring: string, work: (server: TestServer) => Promise<T>): Promise<T> {
    const env = { APP_ENCRYPTION_KEY: ring, BACKUP_DIR: backupDir, BACKUP_CRON: '0 * * * *' };
    const server = await startTestServer({ database, env });
    try {
      return await work(server);
    } finally {
      await server.close();
    }
  }
  const backupCheck = async (server: TestServer) => (await server.api.get('/ready')).body.checks.backup;

  try {
    await on(old, async (server) => {
      const ann = await server.signUp();
      await server.as(ann).post('/users/notes', { title: 'Sealed', content: 'under the old key' });
      await server.app.get(BackupsService).run({ reason: 'manual' });
    });
    await on(`${next},${old}`, async (server) => {
      await server.app.get(KeysService).rotate(() => undefined);
      expect(await backupCheck(server)).toMatchObject({ status: 'ok' });
    });
    await on(next, async (server) => {
      const { status, detail } = await backupCheck(server);
      expect(status).toBe('degraded');
      expect(detail).toMatch(/^Retained backups need keys that APP_ENCRYPTION_KEY lacks: "old" \(1\)\./);
    });
  } finally {
    await database.drop();
    await rm(backupDir, { recursive: true, force: true });
  }
});
