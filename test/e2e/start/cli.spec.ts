import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { enrol } from '../../support/authenticator.js';
import { databasePid, Operator, query, readSecrets } from '../../support/operator.js';
import { checkout } from '../../support/service-process.js';

jest.setTimeout(90_000);

const TYPED = 'nine lanterns over the harbour';

const keeper = new Operator();
const operator = new Operator();
/** A data folder with the first admin alone; each test has a copy. */
let used: string;
let dataDir: string;

beforeAll(async () => {
  used = await keeper.newDataDir();
  await (await keeper.start({ dataDir: used, env: { ADMIN_PASSWORD: TYPED } })).stop();
});
beforeEach(async () => {
  dataDir = await operator.copyOf(used);
});
afterEach(() => operator.cleanUp());
afterAll(() => keeper.cleanUp());

const run = (args: string[], more: { env?: Record<string, string>; input?: string } = {}) =>
  operator.command(args, { dataDir, ...more });

/** The password that a command drew and shows on standard output. */
function shownPassword(stdout: string): string {
  return /^Password: (\S{20,}) {3}\(shown once\)$/m.exec(stdout)![1]!;
}

describe('beside a running service', () => {
  it('admin:create makes an admin who can log in at once, and the service runs on', async () => {
    const service = await operator.start({ dataDir });
    const drawn = await run(['admin:create', '--email', 'first@example.org']);
    expect(drawn).toMatchObject({ code: 0, stderr: '' });
    expect(drawn.stdout).toMatch(/^first@example\.org is an admin\.\n/);
    const token = await service.logIn('first@example.org', shownPassword(drawn.stdout));
    expect((await service.api.as({ token }).get('/users/info')).body.role).toBe('admin');

    const typed = await run(['admin:create', '--email', 'second@example.org', '--password-stdin'], {
      input: `${TYPED}\n`,
    });
    expect(typed).toEqual({ code: 0, stdout: 'second@example.org is an admin.\n', stderr: '' });
    await service.logIn('second@example.org', TYPED);

    const weak = await run(['admin:create', '--email', 'third@example.org', '--password-stdin'], {
      input: 'password\n',
    });
    expect(weak).toMatchObject({ code: 1, stdout: '' });
    expect(weak.stderr).toMatch(/^This password is not strong enough: [^\n]+\.\n$/);
    const rows = await query(dataDir, 'SELECT email FROM users ORDER BY id');
    expect(rows.map(({ email }) => email)).toEqual([
      'admin@example.com',
      'first@example.org',
      'second@example.org',
    ]);
  });

  it('admin:create raises no account that is there, unless told so; its old password and sessions then end', async () => {
    const service = await operator.start({ dataDir });
    const squatter = { name: 'Mallory', email: 'ops@example.org', password: 'a password only mallory knows' };
    expect((await service.api.post('/users/register', squatter)).status).toBe(201);
    const mallory = service.api.as({ token: await service.logIn(squatter.email, squatter.password) });

    const refused = await run(['admin:create', '--email', 'OPS@example.org']);
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'An account with this e-mail address exists already: add --existing to make it an admin with a new password.\n',
    });
    expect((await mallory.get('/users/info')).body.role).toBe('user');

    const raised = await run(['admin:create', '--email', 'OPS@example.org', '--existing']);
    expect(raised).toMatchObject({ code: 0, stderr: '' });
    expect(raised.stdout).toMatch(
      /^ops@example\.org is an admin with a new password; its sessions have ended\.\n/,
    );
    expect((await mallory.get('/users/info')).status).toBe(401);
    await expect(service.logIn(squatter.email, squatter.password)).rejects.toThrow('INVALID_CREDENTIALS');
    const token = await service.logIn(squatter.email, shownPassword(raised.stdout));
    expect((await service.api.as({ token }).get('/users/info')).body.role).toBe('admin');

    const typed = await run(
      ['admin:create', '--email', 'ops@example.org', '--existing', '--password-stdin'],
      { input: `${TYPED}\n` },
    );
    expect(typed).toMatchObject({ code: 0, stderr: '' });
    expect(typed.stdout).not.toContain('Password:');
    await service.logIn(squatter.email, TYPED);

    const nobody = await run(['admin:create', '--email', 'nobody@example.org', '--existing']);
    expect(nobody).toEqual({ code: 1, stdout: '', stderr: 'There is no such user.\n' });
  });

  it('admin:reset ends the sessions of an admin, and its new password alone logs in', async () => {
    const service = await operator.start({ dataDir });
    const admin = service.api.as({ token: await service.logIn('admin@example.com', TYPED) });
    expect((await admin.get('/users/info')).status).toBe(200);
    const reset = await run(['admin:reset', '--email', 'admin@example.com']);
    expect(reset).toMatchObject({ code: 0, stderr: '' });
    expect((await admin.get('/users/info')).status).toBe(401);
    await expect(service.logIn('admin@example.com', TYPED)).rejects.toThrow('INVALID_CREDENTIALS');
    await service.logIn('admin@example.com', shownPassword(reset.stdout));
  });

  it('admin:reset leaves a second factor, and takes it with --mfa', async () => {
    const service = await operator.start({ dataDir });
    const token = await service.logIn('admin@example.com', TYPED);
    const admin = { id: 1, name: 'Administrator', email: 'admin@example.com', password: TYPED, token };
    await enrol(service.api, { now: () => new Date() }, admin);
    const kept = await run(['admin:reset', '--email', admin.email]);
    const waiting = { email: admin.email, password: shownPassword(kept.stdout) };
    expect((await service.api.post('/users/login', waiting)).body.mfa_required).toBe(true);
    const taken = await run(['admin:reset', '--email', admin.email, '--mfa']);
    expect(taken.stdout).toMatch(
      /^admin@example\.com has a new password and neither second factor nor passkey; its sessions have ended\.\n/,
    );
    await service.logIn(admin.email, shownPassword(taken.stdout));
  });

  it('keys:rotate moves every note to the first key, after which the old key can go', async () => {
    const next = `new:${randomBytes(32).toString('base64')}`;
    const both = { APP_ENCRYPTION_KEY: `${next},${(await readSecrets(dataDir)).APP_ENCRYPTION_KEY}` };
    const before = await operator.start({ dataDir });
    const token = await before.logIn('admin@example.com', TYPED);
    const note = { title: 'Kept', content: 'through the rotation' };
    const { id } = (await before.api.as({ token }).post('/users/notes', note)).body;
    await before.stop();

    const during = await operator.start({ dataDir, env: both });
    const rotated = await run(['keys:rotate'], { env: both });
    expect(rotated.code).toBe(0);
    expect(rotated.stdout).toMatch(/^user keys: 1 rewrapped under "new"\.$/m);
    expect((await during.api.as({ token }).get(`/users/notes/${id}`)).body).toMatchObject(note);
    await during.stop();

    const after = await operator.start({ dataDir, env: { APP_ENCRYPTION_KEY: next } });
    expect((await after.api.as({ token }).get(`/users/notes/${id}`)).body).toMatchObject(note);
  });
});

describe('without a running service', () => {
  it('admin:create makes the database, stops it, and is the first admin of the next start', async () => {
    dataDir = await operator.newDataDir();
    const made = await run(['admin:create', '--email', 'alone@example.org']);
    expect(made.code).toBe(0);
    expect(made.stdout).toMatch(/^alone@example\.org is an admin\.\nPassword: \S+ {3}\(shown once\)\n$/);
    expect(await databasePid(dataDir)).toBeUndefined();
    const service = await operator.start({ dataDir });
    expect(service.stdout).not.toMatch(/Admin|Password/);
    await service.logIn('alone@example.org', shownPassword(made.stdout));
  });
});

describe.each(['SIGINT', 'SIGTERM'] as const)('%s during a command', (signal) => {
  /** A command that reads its password from a standard input on which nobody types. */
  const start = () => {
    const env = { ...process.env, DATA_DIR: dataDir };
    return spawn(
      process.execPath,
      [
        path.join(checkout, 'scripts/cli.mjs'),
        'admin:create',
        '--email',
        'late@example.org',
        '--password-stdin',
      ],
      { env, cwd: process.env['MC101_TEST_EMPTY_ENV_FOLDER'], stdio: ['pipe', 'ignore', 'pipe'] },
    );
  };
  const ended = (child: ReturnType<typeof start>) => {
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return new Promise((resolve) => {
      child.once('close', (code, by) => {
        resolve({ code, by, said: stderr.includes(`${signal}: stopping …`) });
      });
    });
  };

  it('that only starts its database leaves none behind', async () => {
    const child = start();
    const ending = ended(child);
    while ((await databasePid(dataDir)) === undefined) await setImmediate();
    child.kill(signal);
    expect(await ending).toEqual({ code: null, by: signal, said: true });
    expect(await databasePid(dataDir)).toBeUndefined();
  });

  it('that works ends it, and stops the database', async () => {
    const child = start();
    const ending = ended(child);
    const connections = `SELECT 1 FROM pg_stat_activity WHERE usename = 'mc101_app'`;
    while ((await query(dataDir, connections).catch(() => [])).length === 0) await setImmediate();
    child.kill(signal);
    expect(await ending).toEqual({ code: null, by: signal, said: true });
    expect(await databasePid(dataDir)).toBeUndefined();
  });
});

describe('a command line that cannot be understood', () => {
  it.each([
    ['an unknown command', ['admin:crate'], /^error: unknown command 'admin:crate'/],
    ['no command', [], /^Usage: npm run cli --/],
    ['no address', ['admin:create'], /^error: required option '--email <address>' not specified/],
    ['no e-mail address', ['admin:create', '--email', 'somebody'], /This is not an e-mail address\./],
    ['a quoted address', ['admin:create', '--email', '"a"@example.org'], /This is not an e-mail address\./],
  ])('%s ends with status 1 and the help, before any database is made', async (_, args, complaint) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(complaint);
    expect(stderr).toMatch(/^Usage: npm run cli -- /m);
    expect(await databasePid(dataDir)).toBeUndefined();
  });
});
