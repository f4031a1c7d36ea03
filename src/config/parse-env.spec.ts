import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppConfig, externalDatabase } from './app-config.js';
import { ENV, ENV_NAMES } from './env.schema.js';
import { ConfigError, inspectEnv, parseEnv, secretFiles } from './parse-env.js';

type Raw = Record<string, string | undefined>;

/** 32 bytes that look like nothing. */
const KEYS = {
  JWT_SECRET_KEY: 'k1:3q2+7wEjRWeJq83vASNFZ4mrze8BI0VniavN7wEjRWc=',
  TOKEN_PEPPER: 'k1:Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3A=',
  APP_ENCRYPTION_KEY: 'k1:9f8e7d6c5b4a39281706f5e4d3c2b1a0987654321fe=',
  LOG_SIGNING_KEY: 'k1:1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5eY=',
};
const PRODUCTION = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://mc101.example',
  MAIL_DISABLED: 'true',
  ...KEYS,
};

/** What is wrong, as the one message tells it; empty when nothing is. */
function problemsOf(raw: Raw): string[] {
  try {
    parseEnv(raw);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) expect(error.message).toContain(problem);
    return error.problems;
  }
}

const namesIn = (problems: string[]) => problems.map((problem) => /^\w+/.exec(problem)?.[0]).sort();

describe('without any variable', () => {
  it('the service stays on this machine, with the documented defaults', () => {
    const env = parseEnv({});
    expect(env).toMatchObject({
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: 8000,
      TRUSTED_PROXIES: [],
      CORS_ORIGINS: [],
      DOCS_ENABLED: true,
      LOG_LEVEL: 'info',
      ACCESS_TOKEN_EXPIRE_MINUTES: 15,
      REFRESH_TOKEN_EXPIRE_DAYS: 14,
      PASSWORD_MIN_SCORE: 3,
      ARGON2_MEMORY_KIB: 19_456,
      ARGON2_TIME_COST: 2,
      SEED_DEMO_ACCOUNTS: false,
      REGISTRATION: 'open',
      REGISTRATION_DOMAINS: [],
    });
    expect(externalDatabase(env)).toBeUndefined();
  });

  it('an empty value counts as none', () => {
    expect(parseEnv({ PORT: '', HOST: '', DATABASE_URL: '', PUBLIC_URL: '' })).toEqual(parseEnv({}));
  });

  it('variables of others are passed over', () => {
    expect(parseEnv({ PATH: '/bin', HOME: '/root', POSTGRES_INITDB_ARGS: 'x' })).toEqual(parseEnv({}));
  });
});

it('REGISTRATION_DOMAINS are kept as the domains of addresses are compared', () => {
  const { REGISTRATION_DOMAINS } = parseEnv({ REGISTRATION_DOMAINS: 'Example.COM, B\u00fccher.example ,' });
  expect(REGISTRATION_DOMAINS).toEqual(['example.com', 'xn--bcher-kva.example']);
});

it('CORS_ORIGINS lists origins as browsers send them', () => {
  const origins = [
    'https://app.example.com',
    'http://localhost:5173',
    'http://[::1]:8080',
    'capacitor://localhost',
  ];
  expect(parseEnv({ CORS_ORIGINS: origins.join(' , ') }).CORS_ORIGINS).toEqual(origins);
});

describe('a value that cannot be', () => {
  it.each([
    ['NODE_ENV', 'prod'],
    ['PORT', '80a'],
    ['PORT', '-1'],
    ['PORT', '65536'],
    ['PORT', '8e3'],
    ['PUBLIC_URL', 'mc101.example'],
    ['PUBLIC_URL', 'ftp://localhost'],
    ['PUBLIC_URL', 'http://user@/folder'],
    ['DATABASE_URL', 'mysql://localhost/db'],
    ['DB_POOL_SIZE', '0'],
    ['LOG_LEVEL', 'loud'],
    ['REGISTRATION', 'Open'],
    ['REGISTRATION_DOMAINS', '*.example.com'],
    ['REGISTRATION_DOMAINS', '@example.com'],
    ['REGISTRATION_DOMAINS', 'example.com.'],
    ['REGISTRATION_DOMAINS', 'example.com localhost'],
    ['REGISTRATION_DOMAINS', 'https://example.com'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'app.example.com'],
    ['CORS_ORIGINS', 'localhost:5173'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['CORS_ORIGINS', 'https://app.example.com/app'],
    ['CORS_ORIGINS', 'https://App.example.com'],
    ['CORS_ORIGINS', 'https://app.example.com:443'],
    ['CORS_ORIGINS', 'https://*.example.com'],
    ['CORS_ORIGINS', 'https://user@app.example.com'],
    ['CORS_ORIGINS', 'https://app.example.com?x'],
    ['CORS_ORIGINS', 'https://app.example.com, other.example.com'],
    ['CORS_ORIGINS', 'file:///'],
    ['DOCS_ENABLED', 'yes'],
    ['SEED_DEMO_ACCOUNTS', '1'],
    ['PASSWORD_MIN_SCORE', '5'],
    ['ACCESS_TOKEN_EXPIRE_MINUTES', '0'],
    ['ARGON2_MEMORY_KIB', 'much'],
    ['ADMIN_EMAIL', 'admin'],
    ['ADMIN_EMAIL', '"admin"@example.com'],
    ['ADMIN_EMAIL', 'admin@example.com.'],
  ])('is refused by name: %s=%s', (name, value) => {
    const problems = problemsOf({ [name]: value });
    expect(namesIn(problems)).toEqual([name]);
  });

  it.each([
    ['NODE_ENV', 'prod', 'NODE_ENV must be one of development, production, test.'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent.'],
  ])('is told what %s can be', (name, value, problem) => {
    expect(problemsOf({ [name]: value })).toEqual([problem]);
  });

  it('is refused together with every other one, and never shown', () => {
    const raw = {
      PORT: 'hunter2-port',
      LOG_LEVEL: 'hunter2-level',
      DATABASE_URL: 'hunter2://user:hunter2@host/db',
    };
    const problems = problemsOf(raw);
    expect(namesIn(problems)).toEqual(['DATABASE_URL', 'LOG_LEVEL', 'PORT']);
    expect(problems.join()).not.toContain('hunter2');
  });
});

describe('the port of the metrics', () => {
  const PROBLEM = 'METRICS_PORT and PORT are the same; the metrics need a port of their own.';

  it.each([
    ['both are set', { PORT: '8100', METRICS_PORT: '8100' }],
    ['the other one is the default', { METRICS_PORT: '8000' }],
    ['one of them takes every address', { ...PRODUCTION, HOST: '0.0.0.0', METRICS_PORT: '8000' }],
  ])('is refused where it is that of the service: %s', (_, raw) => {
    expect(problemsOf(raw)).toEqual([PROBLEM]);
  });

  it.each([
    ['any port that is free', { PORT: '0', METRICS_PORT: '0' }],
    ['the same on another address', { PORT: '8100', METRICS_PORT: '8100', METRICS_HOST: '127.0.0.2' }],
  ])('may be %s', (_, raw) => {
    expect(problemsOf(raw)).toEqual([]);
  });
});

describe('in production', () => {
  it('strong secrets and an address are enough', () => {
    expect(problemsOf(PRODUCTION)).toEqual([]);
    expect(problemsOf({ ...PRODUCTION, HOST: '0.0.0.0', TRUSTED_PROXIES: '10.0.0.0/8, ::1' })).toEqual([]);
  });

  it('everything that is missing is named in one message', () => {
    expect(namesIn(problemsOf({ NODE_ENV: 'production' }))).toEqual([
      'APP_ENCRYPTION_KEY',
      'JWT_SECRET_KEY',
      'LOG_SIGNING_KEY',
      'MAIL_URL',
      'PUBLIC_URL',
      'TOKEN_PEPPER',
    ]);
  });

  it('mails need a server, or a word that there are none', () => {
    const undecided = { ...PRODUCTION, MAIL_DISABLED: undefined };
    expect(namesIn(problemsOf(undecided))).toEqual(['MAIL_URL']);
    expect(problemsOf({ ...undecided, MAIL_URL: 'smtps://user:p%40ss@mail.example.org' })).toEqual([]);
  });

  it.each(Object.keys(KEYS))('%s alone missing is named alone', (name) => {
    expect(namesIn(problemsOf({ ...PRODUCTION, [name]: undefined }))).toEqual([name]);
    expect(namesIn(problemsOf({ ...PRODUCTION, [name]: '' }))).toEqual([name]);
  });

  it.each(
    Object.keys(KEYS).flatMap((name) =>
      [
        'short',
        'k1:c2hvcnQ=',
        'x'.repeat(64),
        '0123456701234567012345670123456701234567',
        'please-change-me-please-change-me-1234',
        'my-super-secret-value-0123456789-abcdef',
        'Password-Password-0123456789-abcdefgh',
      ].map((value) => [name, value] as const),
    ),
  )('a weak %s is named and not shown: %s', (name, value) => {
    const problems = problemsOf({ ...PRODUCTION, [name]: value });
    expect(namesIn(problems)).toEqual([name]);
    expect(problems.join()).not.toContain(value);
  });

  it('demo accounts, a weak admin password and cheap hashes are refused', () => {
    const raw = {
      ...PRODUCTION,
      SEED_DEMO_ACCOUNTS: 'true',
      ADMIN_PASSWORD: 'hunter2',
      ARGON2_MEMORY_KIB: '8192',
    };
    const problems = problemsOf(raw);
    expect(namesIn(problems)).toEqual(['ADMIN_PASSWORD', 'ARGON2_MEMORY_KIB', 'SEED_DEMO_ACCOUNTS']);
    expect(problems.join()).not.toContain('hunter2');
  });

  it.each([
    ['19456', '2', true],
    ['47104', '1', true],
    ['19456', '1', false],
    ['19455', '9', false],
  ])('%s KiB and %s passes: acceptable %p', (ARGON2_MEMORY_KIB, ARGON2_TIME_COST, isAcceptable) => {
    expect(problemsOf({ ...PRODUCTION, ARGON2_MEMORY_KIB, ARGON2_TIME_COST }).length === 0).toBe(
      isAcceptable,
    );
    expect(problemsOf({ ARGON2_MEMORY_KIB, ARGON2_TIME_COST }).length === 0).toBe(isAcceptable);
    expect(problemsOf({ NODE_ENV: 'test', ARGON2_MEMORY_KIB, ARGON2_TIME_COST })).toEqual([]);
  });
});

describe('outside production', () => {
  it.each(['127.0.0.1', '127.8.9.1', '::1', 'localhost'])('HOST=%s is accepted', (HOST) => {
    expect(problemsOf({ HOST })).toEqual([]);
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', '127.evil.example', 'localhost.evil.example', '::ffff:192.0.2.1'])(
    'HOST=%s is refused',
    (HOST) => {
      expect(namesIn(problemsOf({ HOST }))).toEqual(['HOST']);
      expect(namesIn(problemsOf({ HOST, NODE_ENV: 'test' }))).toEqual(['HOST']);
    },
  );

  it.each(['http://localhost:8000', 'http://mc101.localhost:8000', 'https://127.0.0.1', 'http://[::1]:8000'])(
    'PUBLIC_URL=%s is accepted',
    (PUBLIC_URL) => {
      expect(problemsOf({ PUBLIC_URL })).toEqual([]);
    },
  );

  it.each([
    'https://mc101.example',
    'http://localhost.evil.example',
    'http://notlocalhost',
    'http://localhost@evil.example',
  ])('PUBLIC_URL=%s is refused', (PUBLIC_URL) => {
    expect(namesIn(problemsOf({ PUBLIC_URL }))).toEqual(['PUBLIC_URL']);
  });

  it('no proxy is trusted', () => {
    expect(namesIn(problemsOf({ TRUSTED_PROXIES: '127.0.0.1' }))).toEqual(['TRUSTED_PROXIES']);
  });
});

it.each([
  '10.0.0.1/33',
  '::1/129',
  '10.0.0',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  'proxy',
  '10.0.0.0/x',
  '10.0.0.0/-1',
  '*',
  'true',
  '1',
])('TRUSTED_PROXIES=%s is refused, because it names no network', (TRUSTED_PROXIES) => {
  expect(namesIn(problemsOf({ ...PRODUCTION, TRUSTED_PROXIES }))).toEqual(['TRUSTED_PROXIES']);
});

describe('a variable from a file', () => {
  let folder: string;
  const file = (name: string, content: string) => {
    const full = path.join(folder, name);
    writeFileSync(full, content);
    return full;
  };
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mc101-env-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('has the content of the file, without the line end', () => {
    const env = parseEnv({
      ...PRODUCTION,
      JWT_SECRET_KEY: undefined,
      JWT_SECRET_KEY_FILE: file('jwt', `${KEYS.JWT_SECRET_KEY}\n`),
      PORT_FILE: file('port', '9000\r\n'),
      POSTGRES_PASSWORD_FILE: file('password', ' ends in a blank \n'),
    });
    expect(env).toMatchObject({
      JWT_SECRET_KEY: KEYS.JWT_SECRET_KEY,
      PORT: 9000,
      POSTGRES_PASSWORD: ' ends in a blank ',
    });
  });

  it('is judged like any other, and never shown', () => {
    const problems = problemsOf({
      ...PRODUCTION,
      TOKEN_PEPPER: undefined,
      TOKEN_PEPPER_FILE: file('pepper', 'hunter2'),
    });
    expect(namesIn(problems)).toEqual(['TOKEN_PEPPER']);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('cannot be given twice, and the file must be there', () => {
    const twice = { PORT: '8000', PORT_FILE: file('twice', '9000') };
    expect(problemsOf(twice)).toEqual(['PORT and PORT_FILE are both set; keep one.']);
    const missing = path.join(folder, 'nowhere');
    expect(problemsOf({ PORT_FILE: missing })).toEqual(['PORT_FILE names a file that cannot be read.']);
    expect(problemsOf({ PORT_FILE: folder })).toEqual(['PORT_FILE names a file that cannot be read.']);
  });

  it('that is empty counts as not set', () => {
    expect(parseEnv({ PORT_FILE: file('empty', '\n') }).PORT).toBe(8000);
    const raw = { ...PRODUCTION, TOKEN_PEPPER: undefined, TOKEN_PEPPER_FILE: file('none', '') };
    expect(namesIn(problemsOf(raw))).toEqual(['TOKEN_PEPPER']);
  });
});

describe('the database', () => {
  it('is where DATABASE_URL says, for the owner and for locks too unless they have their own', () => {
    const [app, owner, direct] = ['postgres://app@db/x', 'postgresql://owner@db/x', 'postgres://direct@db/x'];
    expect(externalDatabase(parseEnv({ DATABASE_URL: app }))).toEqual({ app, owner: app, direct: app });
    expect(externalDatabase(parseEnv({ DATABASE_URL: app, DATABASE_OWNER_URL: owner }))).toEqual({
      app,
      owner,
      direct: owner,
    });
    const all = { DATABASE_URL: app, DATABASE_OWNER_URL: owner, DATABASE_DIRECT_URL: direct };
    expect(externalDatabase(parseEnv(all))).toEqual({ app, owner, direct });
  });

  it('may be given in parts, whatever characters they have', () => {
    const raw = {
      POSTGRES_HOST: 'db',
      POSTGRES_USER: 'us@er',
      POSTGRES_PASSWORD: 'p/w:@%',
      POSTGRES_DB: 'my db',
    };
    const { app } = externalDatabase(parseEnv(raw)) ?? { app: '' };
    const url = new URL(app);
    expect(
      [url.hostname, url.port, url.username, url.password, url.pathname].map(decodeURIComponent),
    ).toEqual(['db', '5432', 'us@er', 'p/w:@%', '/my db']);
  });
});

describe('the configuration', () => {
  it('cannot be changed once it is made', () => {
    const urls = { app: '', owner: '', direct: '' };
    const config = new AppConfig(parseEnv({}), urls, KEYS);
    expect(() => {
      (config as { port: number }).port = 1;
    }).toThrow(TypeError);
    expect(config).toMatchObject({
      publicUrl: 'http://localhost:8000',
      accessTokenSeconds: 900,
      sessions: { idleSeconds: 1_209_600, absoluteSeconds: 2_592_000, policy: 'multi' },
    });
  });
});

it('every variable that holds a credential is marked as a secret', () => {
  const named = ENV_NAMES.filter((name) => /SECRET|PASSWORD$|PEPPER|_KEY$|DATABASE.*_URL$/.test(name));
  expect(named.filter((name) => !('secret' in ENV[name]))).toEqual([]);
});

describe('an environment that cannot be used', () => {
  it('can be looked into all the same: what cannot be read has its default', () => {
    const { env, problems } = inspectEnv({ PORT: 'eighty', HOST: '127.0.0.2', PUBLIC_URL: 'nowhere' });
    expect(problems.map((problem) => /^\w+/.exec(problem)![0])).toEqual(['PORT', 'PUBLIC_URL']);
    expect(env).toMatchObject({ PORT: 8000, HOST: '127.0.0.2', PUBLIC_URL: undefined });
  });

  it('that can be read is told what parseEnv refuses it for', () => {
    const raw = { NODE_ENV: 'production' };
    expect(inspectEnv(raw).problems).toEqual(problemsOf(raw));
    expect(inspectEnv(raw).problems.length).toBeGreaterThan(2);
  });
});

it('the files of secrets are known by their variables', () => {
  const raw = { TOKEN_PEPPER_FILE: '/run/pepper', PORT_FILE: '/run/port', JWT_SECRET_KEY_FILE: '' };
  expect(secretFiles(raw)).toEqual([{ name: 'TOKEN_PEPPER', file: '/run/pepper' }]);
});
