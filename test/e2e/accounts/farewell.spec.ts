import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signUpVerified } from '../../support/mailed-codes.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const kindsTo = async (address: string) => (await server.mailsTo(address)).map(({ kind }) => kind);

describe('whoever deletes their account', () => {
  it('is told until when backups hold their data', async () => {
    const keeping = await startTestServer({
      database: server.database,
      env: { BACKUP_RETENTION_DAYS: '10', BACKUP_KEEP_WEEKLY: '4' },
    });
    try {
      const alice = await signUpVerified(keeping);
      expect((await keeping.as(alice).delete('/users')).status).toBe(204);
      const mail = (await keeping.mailsTo(alice.email)).at(-1)!;
      expect(mail.kind).toBe('farewell');
      const day = /(\d{4}-\d\d-\d\d)/.exec(mail.text)![1]!;
      const days = Math.round((Date.parse(day) - Date.now()) / 86_400_000);
      expect([38, 39]).toContain(days);
    } finally {
      await keeping.close();
    }
  });

  it('is told nothing when the account could not be deleted', async () => {
    const alice = await server.signUp();
    await server.sql.query(
      `UPDATE sessions SET authenticated_at = now() - interval '1 hour' WHERE user_id = $1`,
      [alice.id],
    );
    expect((await server.as(alice).delete('/users')).status).toBe(403);
    expect(await kindsTo(alice.email)).toEqual(['verifyEmail']);
  });
});
