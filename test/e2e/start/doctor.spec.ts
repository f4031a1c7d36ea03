import { randomBytes } from 'node:crypto';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { clusterFolder } from '../../../src/database/embedded/cluster-folder.js';
import { inLanes } from '../../support/lanes.js';
import { databasePid, Operator, query, readSecrets } from '../../support/operator.js';
import { freePort } from '../../support/service-process.js';
import { Installation } from './installation.js';

jest.setTimeout(120_000);

const ADMIN_PASSWORD = 'nine lanterns over the harbour';

const operator = new Operator();
/** A data folder that was used and is in order. */
let used: string;
/** One whose service runs all the time, for looking at. */
let running: Installation;

beforeAll(async () => {
  used = await operator.newDataDir();
  await (await operator.start({ dataDir: used, env: { ADMIN_PASSWORD } })).stop();
  running = await anInstallation();
  await running.start();
});
afterAll(() => operator.cleanUp());

/** One to be changed, for tests that run at once. */
const anInstallation = async () => new Installation(operator, await operator.copyOf(used), await freePort());

describe('a healthy installation', () => {
  it.concurrent('whose service runs is in order but for what the operator still has to do', async () => {
    const { code, report, of } = await running.doctor();
    expect({ code, status: report.status }).toEqual({ code: 0, status: 'warning' });
    const told = report.checks.filter(({ status }) => status !== 'ok' && status !== 'off');
    expect(told.map(({ check }) => check).filter((check) => check !== 'disk')).toEqual([
      'recovery file',
      'backups made',
    ]);
    for (const name of ['service', 'database', 'migrations', 'keys', 'secrets', 'spoofed headers'])
      expect(of(name)).toEqual([expect.objectContaining({ status: 'ok' })]);
    expect(of('clock').map(({ found }) => found)).toEqual([
      'It agrees with that of the database.',
      `It agrees with that of http://localhost:${running.port}.`,
    ]);
    expect((await running.service?.api.get('/ready'))?.status).toBe(200);
  });

  it.concurrent('whose service is stopped is looked at as well, and left as it was', async () => {
    const own = await anInstallation();
    const { code, of } = await own.doctor();
    expect(code).toBe(0);
    for (const name of ['database', 'migrations', 'database roles', 'keys', 'secrets', 'clock'])
      expect(of(name)).toEqual([expect.objectContaining({ status: 'ok' })]);
    expect(of('service')[0]).toMatchObject({
      status: 'off',
      found: expect.stringContaining('does not run'),
    });
    expect(of('spoofed headers')[0]).toMatchObject({ status: 'off' });
    expect(await databasePid(own.dataDir)).toBeUndefined();
  });

  it.concurrent('is told to people in lines, each warning with what to do, and a summary', async () => {
    const { code, stdout } = await running.command(['doctor']);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/^No problem, \d warnings?; \d+ in order, \d+ off\.$/);
    const told = lines.slice(0, lines.indexOf(''));
    for (const [at, line] of told.entries()) {
      expect(line).toMatch(/^(?:ok {7}|warning {2}|off {6}| {9}→ )\S/);
      if (line.startsWith('warning')) expect(told[at + 1]).toMatch(/^ {9}→ /);
    }
  });
});

it.concurrent(
  'the recovery file is asked for until keys:export has made it, and again for a key that is added',
  async () => {
    const own = await anInstallation();
    await own.start();
    expect((await own.doctor()).of('recovery file')[0]).toMatchObject({
      status: 'warning',
      to_do: expect.stringContaining('keys:export'),
    });
    const folder = await operator.folder();
    const passphrase = path.join(folder, 'passphrase');
    await writeFile(passphrase, 'seven quiet herons borrow a lamp\n');
    const file = path.join(folder, 'keys.json');
    const exported = await own.command(['keys:export', file, '--passphrase-file', passphrase]);
    expect(exported.code).toBe(0);
    expect((await own.doctor()).statusOf('recovery file')).toEqual(['ok']);

    const ring = `${(await readSecrets(own.dataDir)).APP_ENCRYPTION_KEY},k2:${randomBytes(32).toString('base64')}`;
    const canaries = () => query(own.dataDir, 'SELECT key_id FROM key_canaries');
    const before = await canaries();
    expect((await own.doctor({ APP_ENCRYPTION_KEY: ring })).statusOf('recovery file')).toEqual(['warning']);
    // That key may be a wrong one; noting it would make the right one be refused.
    expect(await canaries()).toEqual(before);
    await own.stop();
  },
);

describe('where the database cannot be opened', () => {
  it.concurrent('an address that leads nowhere ends with status 1, and the rest is looked at', async () => {
    const own = await anInstallation();
    const password = 'a lantern over the harbour';
    const url = `postgresql://app:${encodeURIComponent(password)}@127.0.0.1:${await freePort()}/mc101`;
    const { code, stdout, stderr, of, statusOf } = await own.doctor({ DATABASE_URL: url });
    expect(code).toBe(1);
    expect(of('database')).toEqual([
      expect.objectContaining({
        status: 'problem',
        found: expect.stringMatching(/^By DATABASE_URL: .*cannot be reached \(ECONNREFUSED\)/),
        to_do: expect.any(String),
      }),
    ]);
    expect(of('keys')[0]?.found).toBe('Not looked at: the database cannot be reached.');
    expect(['node', 'secrets', 'trusted proxies'].flatMap(statusOf)).toEqual(['ok', 'ok', 'ok']);
    expect(statusOf('disk')).not.toEqual([]);
    expect(stdout + stderr).not.toContain(password);
    expect(stdout + stderr).not.toContain(encodeURIComponent(password));
  });

  it.concurrent('a data folder that is damaged is told in its own sentence', async () => {
    const own = await anInstallation();
    await writeFile(path.join(clusterFolder(own.dataDir), 'PG_VERSION'), '9\n');
    const { code, of } = await own.doctor();
    expect(code).toBe(1);
    expect(of('database')[0]?.found).toContain('was made by PostgreSQL 9');
  });

  it.concurrent('an installation that was never started is not made by looking at it', async () => {
    const dataDir = path.join(await operator.folder(), 'data');
    const own = new Installation(operator, dataDir, await freePort());
    const { code, of } = await own.doctor();
    expect(code).toBe(0);
    expect(of('database')[0]).toMatchObject({
      status: 'warning',
      found: expect.stringContaining(own.dataDir),
    });
    expect(await readdir(path.dirname(own.dataDir))).toEqual([]);
  });
});

describe('a configuration that cannot be used', () => {
  it.concurrent('is told variable by variable, never by value, and the rest is looked at', async () => {
    const own = await anInstallation();
    const { code, stdout, stderr, of, statusOf } = await own.doctor({
      NODE_ENV: 'production',
      TOKEN_PEPPER: 'hunter2hunter2',
      TRUSTED_PROXIES: '0.0.0.0/0',
      PUBLIC_URL: 'http://vote.example.org',
    });
    expect(code).toBe(1);
    const named = of('configuration').map(({ found }) => /^\w+/.exec(found)?.[0]);
    expect(named).toEqual([
      'JWT_SECRET_KEY',
      'TOKEN_PEPPER',
      'APP_ENCRYPTION_KEY',
      'LOG_SIGNING_KEY',
      'PUBLIC_URL',
      'MAIL_URL',
    ]);
    expect(statusOf('trusted proxies')).toEqual(['problem']);
    expect(of('secrets')[0]?.found).toContain('TOKEN_PEPPER is a passphrase that is easy to guess');
    expect(statusOf('node')).toEqual(['ok']);
    expect(stdout + stderr).not.toContain('hunter2');
    expect(await databasePid(own.dataDir)).toBeUndefined();
  });

  it.concurrent(
    'of which one variable cannot even be read starts no other database in its place',
    async () => {
      const own = await anInstallation();
      const { code, of } = await own.doctor({ DATABASE_URL: 'mysql://app:hunter2@db/x' });
      expect(code).toBe(1);
      expect(of('configuration')[0]?.found).toMatch(/^DATABASE_URL must be a URL/);
      expect(of('database')[0]?.found).toBe('Not looked at: the configuration is not in order.');
      expect(await databasePid(own.dataDir)).toBeUndefined();
    },
  );
});

describe('the schema', () => {
  it.concurrent('of a newer version is a problem, also while nothing of it can be read', async () => {
    const own = await anInstallation();
    await own.start();
    await query(own.dataDir, `INSERT INTO migrations (timestamp, name) VALUES (1, 'FromTomorrow1')`);
    const { code, of } = await own.doctor();
    expect(code).toBe(1);
    expect(of('migrations')[0]?.found).toContain('migrations that this version does not know');
    expect(of('database')[0]).toMatchObject({ status: 'ok' });
    await own.stop();
  });

  it.concurrent('with a migration to come is a problem until the service is restarted', async () => {
    const own = await anInstallation();
    await own.start();
    await query(
      own.dataDir,
      `DELETE FROM migrations WHERE timestamp = (SELECT max(timestamp) FROM migrations)`,
    );
    const { code, of } = await own.doctor();
    expect(code).toBe(1);
    expect(of('migrations')[0]).toMatchObject({ status: 'problem', found: 'Pending migrations: 1.' });
    await own.stop();
  });
});

it.concurrent(
  'a key ring that lost the key of stored rows is a problem, in the words of /ready',
  async () => {
    const own = await anInstallation();
    const other = `other:${randomBytes(32).toString('base64')}`;
    const { code, of } = await own.doctor({ APP_ENCRYPTION_KEY: other });
    expect(code).toBe(1);
    expect(of('keys')[0]).toMatchObject({
      status: 'problem',
      found: expect.stringContaining('APP_ENCRYPTION_KEY has no key "k1"'),
    });
  },
);

it.concurrent('demo accounts are told until demo:close', async () => {
  const own = await anInstallation();
  await own.start({ SEED_DEMO_ACCOUNTS: 'true' });
  expect((await own.doctor()).of('demo accounts')[0]).toMatchObject({
    status: 'warning',
    found: expect.stringContaining('demo-admin@example.com, ada@example.com, grace@example.com'),
    to_do: 'npm run cli -- demo:close',
  });
  expect((await own.command(['demo:close'])).code).toBe(0);
  expect((await own.doctor()).statusOf('demo accounts')).toEqual(['ok']);
  await own.stop();
});

it.concurrent('a file with a secret that others can read is told', async () => {
  const own = await anInstallation();
  const file = path.join(await operator.folder(), 'pepper');
  await writeFile(file, (await readSecrets(own.dataDir)).TOKEN_PEPPER);
  await chmod(file, 0o644);
  expect((await own.doctor({ TOKEN_PEPPER_FILE: file })).of('secret files')).toEqual([
    expect.objectContaining({
      status: 'warning',
      found: `Every user of this machine can read ${file} (644).`,
    }),
  ]);
  await chmod(file, 0o600);
  expect((await own.doctor({ TOKEN_PEPPER_FILE: file })).statusOf('secret files')).toEqual(['ok']);
});

describe('in production', () => {
  it.concurrent('whom the running service believes is found out by asking it', async () => {
    const own = await anInstallation();
    const production = await own.production();
    await own.start({ ...production, TRUSTED_PROXIES: '127.0.0.1' });
    expect((await own.doctor({ ...production, TRUSTED_PROXIES: '127.0.0.1' })).of('spoofed headers')).toEqual(
      [expect.objectContaining({ status: 'ok', found: expect.stringContaining('believed from 127.0.0.1') })],
    );
    const otherwise = await own.doctor({ ...production, TRUSTED_PROXIES: '192.0.2.1' });
    expect(otherwise.code).toBe(1);
    expect(otherwise.of('spoofed headers')[0]).toMatchObject({
      status: 'problem',
      found: expect.stringContaining('believes X-Forwarded-* from 127.0.0.1'),
    });
    await own.stop();
  });

  it.concurrent('a service that believes nobody is told to believe its proxy', async () => {
    const own = await anInstallation();
    const production = await own.production();
    await own.start(production);
    const { code, statusOf } = await own.doctor(production);
    expect({ code, told: ['trusted proxies', 'spoofed headers'].flatMap(statusOf) }).toEqual({
      code: 0,
      told: ['warning', 'ok'],
    });
    await own.stop();
  });
});

it.concurrent('no secret is ever printed, whatever is wrong', async () => {
  const { database, ...rings } = await readSecrets(running.dataDir);
  const passphrase = 'nobody may ever read this passphrase';
  const hidden = [
    ...Object.values(rings).flatMap((ring) => [ring, ring.slice(ring.indexOf(':') + 1)]),
    ...Object.values(database),
    passphrase,
    ADMIN_PASSWORD,
  ];
  const runs: Record<string, string>[] = [
    {},
    { APP_ENCRYPTION_KEY: passphrase, ADMIN_PASSWORD },
    { APP_ENCRYPTION_KEY: `${rings.APP_ENCRYPTION_KEY},${passphrase}` },
    { NODE_ENV: 'production', TOKEN_PEPPER: rings.JWT_SECRET_KEY, JWT_SECRET_KEY: rings.JWT_SECRET_KEY },
  ];
  const commands = runs.flatMap((more) => [['doctor'], ['doctor', '--json']].map((args) => ({ args, more })));
  await inLanes(2, commands, async ({ args, more }) => {
    const { stdout, stderr } = await running.command(args, more);
    expect(stdout.length).toBeGreaterThan(500);
    for (const secret of hidden) expect(stdout + stderr).not.toContain(secret);
  });
});
