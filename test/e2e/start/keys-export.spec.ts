import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Operator, readSecrets } from '../../support/operator.js';

jest.setTimeout(90_000);

const PASSPHRASE = 'seven quiet herons borrow a lamp';
const REMINDER = 'npm run cli -- keys:export FILE';

const keeper = new Operator();
const operator = new Operator();
let used: string;
let dataDir: string;
let folder: string;
let passphraseFile: string;

beforeAll(async () => {
  used = await keeper.newDataDir();
  await (await keeper.start({ dataDir: used, env: { BACKUP_CRON: 'off' } })).stop();
});
beforeEach(async () => {
  dataDir = await operator.copyOf(used);
  folder = await operator.folder();
  passphraseFile = path.join(folder, 'passphrase');
  await writeFile(passphraseFile, `${PASSPHRASE}\n`);
});
afterEach(() => operator.cleanUp());
afterAll(() => keeper.cleanUp());

const file = () => path.join(folder, 'keys.json');
const run = (args: string[], env: Record<string, string> = {}) =>
  operator.command([...args, '--passphrase-file', passphraseFile], { dataDir, env });
const start = (env: Record<string, string> = {}) =>
  operator.start({ dataDir, env: { BACKUP_CRON: 'off', ...env } });

it('banner and /ready ask for keys:export until it was done, and again for a key that is added', async () => {
  const before = await start();
  expect(before.stdout).toContain(REMINDER);
  const { keys } = (await before.api.get('/ready')).body.checks;
  expect(keys).toMatchObject({ status: 'ok' });
  expect(keys.detail).toContain(REMINDER);

  const exported = await run(['keys:export', file()]);
  expect(exported).toMatchObject({ code: 0, stderr: '' });
  await before.stop();

  const after = await start();
  expect(after.stdout).not.toContain(REMINDER);
  expect((await after.api.get('/ready')).body.checks.keys.detail).toBeUndefined();
  await after.stop();

  const added = `${(await readSecrets(dataDir)).APP_ENCRYPTION_KEY},k2:${randomBytes(32).toString('base64')}`;
  expect((await start({ APP_ENCRYPTION_KEY: added })).stdout).toContain(REMINDER);
});

it('the file holds every key, shows none, and gives all of them back to who has the passphrase', async () => {
  const secrets = await readSecrets(dataDir);
  const exported = await run(['keys:export', file()]);
  const ids = 'APP_ENCRYPTION_KEY: k1\nTOKEN_PEPPER: k1\nJWT_SECRET_KEY: k1\nLOG_SIGNING_KEY: k1\n';
  expect(exported.stdout.startsWith(ids)).toBe(true);
  expect((await stat(file())).mode & 0o777).toBe(0o600);

  // From the folder that the operator is in, which npm leaves for the checkout's.
  const inspected = await run(['keys:inspect', 'keys.json'], { INIT_CWD: folder });
  expect(inspected).toEqual({ code: 0, stdout: ids, stderr: '' });

  const out = path.join(folder, 'keys.env');
  const recovered = await run(['keys:recover', file(), '--out', out]);
  expect(recovered.code).toBe(0);
  expect((await stat(out)).mode & 0o777).toBe(0o600);
  const lines = (await readFile(out, 'utf8')).trim().split('\n');
  expect(lines).toEqual(
    (['APP_ENCRYPTION_KEY', 'TOKEN_PEPPER', 'JWT_SECRET_KEY', 'LOG_SIGNING_KEY'] as const).map(
      (name) => `${name}=${secrets[name]}`,
    ),
  );
  const said = [exported, inspected, recovered].map(({ stdout, stderr }) => stdout + stderr).join('');
  const sealed = await readFile(file(), 'utf8');
  for (const line of lines) {
    const key = line.split(':')[1]!;
    expect(said).not.toContain(key);
    expect(sealed).not.toContain(key);
  }
});

it('a refused export writes nothing and leaves the reminder', async () => {
  await writeFile(file(), 'mine');
  const taken = await run(['keys:export', file()]);
  expect(taken).toMatchObject({ code: 1, stdout: '' });
  expect(taken.stderr).toMatch(/^\S+keys\.json exists already, and is not overwritten: [^\n]+\n$/);
  expect(await readFile(file(), 'utf8')).toBe('mine');

  await writeFile(passphraseFile, 'correct horse');
  const weak = await run(['keys:export', path.join(folder, 'other.json')]);
  expect(weak.stderr).toMatch(/^The passphrase is too weak [^\n]+\n$/);

  const noTerminal = await operator.command(['keys:inspect', file()], { dataDir });
  expect(noTerminal).toMatchObject({ code: 1, stdout: '' });
  expect(noTerminal.stderr).toMatch(/--passphrase-file\.\n$/);
  expect((await start()).stdout).toContain(REMINDER);
});
