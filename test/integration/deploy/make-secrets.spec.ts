import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lstat, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseEnv } from '../../../src/config/parse-env.js';
import { parseKeyRing } from '../../../src/crypto/parse-key-ring.js';
import { service } from './compose-file.js';
import { SecretsFolder } from './made-secrets.js';

let secrets: SecretsFolder;
beforeEach(async () => {
  secrets = await SecretsFolder.make();
});
afterEach(() => secrets.remove());

const modeOf = async (file: string) => (await stat(file)).mode & 0o777;

describe('the first start', () => {
  it('makes secrets that production accepts, no two alike', async () => {
    expect(await secrets.fill()).toMatchObject({ code: 0, stderr: '' });
    const file = (name: string) => secrets.path(`app/${name}`);
    const env = parseEnv({
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://localhost',
      MAIL_DISABLED: 'true',
      JWT_SECRET_KEY_FILE: file('jwt_secret_key'),
      TOKEN_PEPPER_FILE: file('token_pepper'),
      APP_ENCRYPTION_KEY_FILE: file('app_encryption_key'),
      LOG_SIGNING_KEY_FILE: file('log_signing_key'),
      DATABASE_URL_FILE: file('database_url'),
      DATABASE_OWNER_URL_FILE: file('database_owner_url'),
      REDIS_URL_FILE: file('redis_url'),
    });
    for (const name of ['JWT_SECRET_KEY', 'TOKEN_PEPPER', 'APP_ENCRYPTION_KEY', 'LOG_SIGNING_KEY'] as const)
      expect(parseKeyRing(name, env[name]!).current.id).toBe('k1');
    const values = [...(await secrets.all()).values()];
    expect(values).toHaveLength(11);
    expect(new Set(values).size).toBe(values.length);
    const other = await SecretsFolder.make();
    await other.fill();
    const drawnTwice = [...(await other.all()).values()].filter((value) => values.includes(value));
    await other.remove();
    expect(drawnTwice).toEqual([]);
  });

  it('gives the app the passwords that the database gets', async () => {
    await secrets.fill();
    for (const [url, role] of [
      ['app/database_url', 'mc101_app'],
      ['app/database_owner_url', 'mc101_owner'],
    ] as const) {
      const { username, password, host, pathname } = new URL(await secrets.read(url));
      expect({ username, password, host, pathname }).toEqual({
        username: role,
        password: await secrets.read(`postgres/${role}_password`),
        host: 'postgres:5432',
        pathname: '/mc101',
      });
    }
  });

  it('gives the app the password that Redis gets', async () => {
    await secrets.fill();
    const { protocol, password, host } = new URL(await secrets.read('app/redis_url'));
    expect({ protocol, host }).toEqual({ protocol: 'redis:', host: 'redis:6379' });
    expect(await secrets.read('redis/redis.conf')).toBe(`requirepass ${password}`);
  });

  it('lets only the user of each container read its own, and git none', async () => {
    await secrets.fill();
    for (const reader of ['app', 'postgres', 'redis', 'tls']) {
      expect(await modeOf(secrets.path(reader))).toBe(0o700);
    }
    for (const name of (await secrets.all()).keys()) {
      expect([name, await modeOf(secrets.path(name))]).toEqual([name, 0o400]);
      // Without root, nobody can be given anything.
      const reader = service(path.dirname(name)).user;
      const { uid, gid } = await lstat(secrets.path(name));
      if (process.getuid!() === 0) expect([name, `${uid}:${gid}`]).toEqual([name, reader]);
    }
    expect(await readFile(secrets.path('.gitignore'), 'utf8')).toBe('*\n');
  });

  it('says none of them', async () => {
    const { stdout } = await secrets.fill();
    expect(stdout).toContain('app/app_encryption_key');
    for (const value of (await secrets.all()).values()) expect(stdout).not.toContain(value);
  });

  it('two at once end with one set that fits together', async () => {
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => secrets.fill()));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(await secrets.all()).toHaveProperty('size', 11);
    expect(new URL(await secrets.read('app/database_url')).password).toBe(
      await secrets.read('postgres/mc101_app_password'),
    );
  });

  it('hands the folders of the app to the app, with the files in them', async () => {
    const backups = secrets.path('backups');
    await mkdir(backups, { mode: 0o755 });
    await writeFile(path.join(backups, 'copied.dump'), '');
    expect(await secrets.fill(backups)).toMatchObject({ code: 0 });
    expect(await modeOf(backups)).toBe(0o700);
    const wanted = process.getuid!() === 0 ? 10_001 : process.getuid!();
    expect((await stat(backups)).uid).toBe(wanted);
    expect((await stat(path.join(backups, 'copied.dump'))).uid).toBe(wanted);
  });
});

describe('a later start', () => {
  it('leaves every secret as it is', async () => {
    await secrets.fill();
    const before = await secrets.all();
    expect(await secrets.fill()).toMatchObject({ code: 0, stdout: 'Every secret is there already.\n' });
    expect(await secrets.all()).toEqual(before);
  });

  it('keeps what the operator has put there, and closes it to others', async () => {
    await mkdir(secrets.path('app'));
    await writeFile(secrets.path('app/app_encryption_key'), 'k2:from elsewhere\n', { mode: 0o644 });
    await secrets.fill();
    expect(await secrets.read('app/app_encryption_key')).toBe('k2:from elsewhere');
    expect(await modeOf(secrets.path('app'))).toBe(0o700);
  });

  it('makes only what is missing, from the passwords that are there', async () => {
    await secrets.fill();
    const before = await secrets.all();
    await rm(secrets.path('app/database_url'), { force: true });
    await rm(secrets.path('app/redis_url'), { force: true });
    expect(await secrets.fill()).toMatchObject({ stdout: 'Made app/database_url, app/redis_url.\n' });
    expect(await secrets.all()).toEqual(before);
  });

  it('takes the password of Redis from settings that the operator has extended', async () => {
    await mkdir(secrets.path('redis'));
    await writeFile(secrets.path('redis/redis.conf'), 'timeout 0\nrequirepass p@ss/word\n');
    expect(await secrets.fill()).toMatchObject({ code: 0 });
    expect(await secrets.read('app/redis_url')).toBe('redis://:p%40ss%2Fword@redis:6379');
    await rm(secrets.path('app/redis_url'), { force: true });
    await rm(secrets.path('redis/redis.conf'), { force: true });
    await writeFile(secrets.path('redis/redis.conf'), 'timeout 0\n');
    expect(await secrets.fill()).toMatchObject({ code: 1, stderr: expect.stringContaining('requirepass') });
  });

  it.each([
    ['an empty file', (file: string) => writeFile(file, '\n'), 'is empty'],
    ['a link', (file: string) => symlink('/etc/hostname', file), 'is no ordinary file'],
  ])('refuses %s in place of a secret, and says which', async (_what, put, complaint) => {
    const file = secrets.path('app/token_pepper');
    await mkdir(secrets.path('app'));
    await put(file);
    const { code, stderr } = await secrets.fill();
    expect(code).toBe(1);
    expect(stderr).toContain(`${file} ${complaint}`);
  });
});
