import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { databaseUrls } from '../../../src/database/embedded/roles-and-database.js';
import { runFolder } from '../../../src/database/embedded/run-folder.js';
import { MailServer } from '../../support/mail-server.js';
import { until } from '../../support/until.js';
import { Operator, query, readSecrets } from '../../support/operator.js';

const LIMIT_MS = 120_000;

const operator = new Operator();
let dataDir: string;
let smtp: MailServer;

beforeAll(async () => {
  dataDir = await operator.newDataDir();
  const service = await operator.start({ dataDir });
  await query(dataDir, 'UPDATE pgboss.queue SET retry_delay = 0, retry_backoff = false');
  await service.stop();
}, LIMIT_MS);
afterEach(() => smtp.stop());
afterAll(() => operator.cleanUp());

const start = () => operator.start({ dataDir, env: { MAIL_URL: smtp.url, MAIL_FROM: 'votes@example.org' } });

async function register(service: Awaited<ReturnType<typeof start>>, email: string): Promise<void> {
  const person = { name: 'Ada', email, password: 'a curious otter sings at dawn' };
  expect((await service.api.post('/users/register', person)).status).toBe(201);
}

/** The two minutes are over in which nobody has heard of the worker. */
const letGo = () =>
  query(
    dataDir,
    `UPDATE pgboss.job SET heartbeat_on = now() - interval '121 s' WHERE name = 'mail' AND state = 'active'`,
  );

const outcomes = async () =>
  (await query(dataDir, 'SELECT outcome FROM mail_messages ORDER BY created_at DESC LIMIT 1')).map(
    ({ outcome }) => outcome,
  );

/** How many statements wait to note what became of a mail. */
const noting = async () =>
  (
    await query(
      dataDir,
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE mail_messages%'`,
    )
  ).length;

describe('a worker that is killed', () => {
  it(
    'before the server has taken the mail loses none: the next one sends it, once',
    async () => {
      smtp = await MailServer.start();
      smtp.onData = () => 'hold';
      const service = await start();
      await register(service, 'before@example.org');
      await until(() => smtp.deliveries === 1);
      service.signal('SIGKILL');
      await service.ended;
      smtp.onData = () => undefined;

      const next = await start();
      await letGo();
      await until(async () => (await outcomes())[0] === 'sent');
      expect(smtp.received.map(({ to }) => to)).toEqual([['before@example.org']]);
      await next.stop();
    },
    LIMIT_MS,
  );

  it(
    'between the OK and its note sends the mail a second time, under the same Message-ID, and not a third',
    async () => {
      smtp = await MailServer.start();
      const service = await start();
      const { ownerUrl } = databaseUrls(runFolder(dataDir), await readSecrets(dataDir));
      const holder = new pg.Client({ connectionString: ownerUrl });
      await holder.connect();
      smtp.onData = async () => {
        // Before the OK: nobody can note anything after it.
        await holder.query('BEGIN');
        await holder.query('LOCK TABLE mail_messages IN EXCLUSIVE MODE');
        return undefined;
      };
      await register(service, 'between@example.org');
      await until(() => smtp.received.length === 1);
      await until(async () => (await noting()) > 0);
      service.signal('SIGKILL');
      await service.ended;
      smtp.onData = () => undefined;
      // Else the statement that the dead worker sent would still be carried out.
      await holder.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE pid <> pg_backend_pid() AND datname = current_database() AND wait_event_type = 'Lock'`,
      );
      await holder.query('ROLLBACK');
      await holder.end();
      expect(await outcomes()).toEqual([null]);

      const next = await start();
      await letGo();
      await until(async () => (await outcomes())[0] === 'sent');
      const ids = smtp.received.map(({ raw }) => /^Message-ID: (.*)\r$/m.exec(raw)?.[1]);
      expect(ids).toHaveLength(2);
      expect(ids[0]).toBe(ids[1]);
      await next.stop();
    },
    LIMIT_MS,
  );
});
