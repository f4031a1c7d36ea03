import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { libpqTarget, withPassFile } from '../../../src/backup/archive/libpq.js';
import { runProgram } from '../../../src/backup/archive/run-program.js';
import { withConnection } from '../../../src/backup/databases/connect.js';
import { ProgramProcess } from '../../support/service-process.js';
import { TEST_SECRETS } from '../../support/test-config.js';
import { startTlsServer, type TlsServer } from '../../support/tls-server.js';
import { toolsOfServer } from '../../support/watched-tools.js';

let server: TlsServer;
let backups: string;
beforeAll(async () => {
  server = await startTlsServer();
  backups = await mkdtemp(path.join(tmpdir(), 'mc101-backups-'));
});
afterAll(async () => {
  await server.stop();
  await rm(backups, { recursive: true });
});

const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    () => 'refused',
  );

/** What becomes of a connection of the driver and of one of pg_dump by the same URL. */
async function reach(query: string, host = 'localhost') {
  const url = `${server.url}?${query.replace('=CA', `=${server.ca}`).replace('=OTHER', `=${server.otherCa}`)}`;
  return reachBy(url.replace('@localhost', `@${host}`));
}

async function reachBy(url: string) {
  const { pgDump } = await toolsOfServer();
  const target = libpqTarget(url);
  const dump = (env: Record<string, string>) =>
    runProgram(pgDump, ['--no-password', '--file=/dev/null', `--dbname=${target.conninfo}`], {
      env,
      signal: new AbortController().signal,
    });
  return {
    driver: await outcome(withConnection(url, (client) => client.query('SELECT'))),
    pgDump: await outcome(withPassFile(target, dump)),
  };
}

const ACCEPTED = { driver: 'accepted', pgDump: 'accepted' };
const REFUSED = { driver: 'refused', pgDump: 'refused' };

describe('a server whose certificate nobody has heard of', () => {
  it.each([
    'ssl=true',
    'sslmode=prefer',
    'sslmode=require',
    'sslmode=verify-full',
    'sslmode=require&sslrootcert=OTHER',
    'uselibpqcompat=true&sslmode=require&sslrootcert=OTHER',
    'uselibpqcompat=true&sslmode=verify-full',
  ])('is refused by the service and by pg_dump with %s', async (query) => {
    expect(await reach(query)).toEqual(REFUSED);
  });

  it.each([
    'sslmode=require&sslrootcert=CA',
    'sslmode=verify-full&sslrootcert=CA',
    'uselibpqcompat=true&sslmode=verify-ca&sslrootcert=CA',
    'sslmode=no-verify',
    'ssl=no-verify',
    'uselibpqcompat=true&sslmode=require',
    'sslmode=no-verify&sslrootcert=OTHER',
  ])('is accepted by both with %s', async (query) => {
    expect(await reach(query)).toEqual(ACCEPTED);
  });

  it('is refused under another name, unless names do not count', async () => {
    expect(await reach('sslmode=require&sslrootcert=CA', '127.0.0.1')).toEqual(REFUSED);
    expect(await reach('uselibpqcompat=true&sslmode=verify-ca&sslrootcert=CA', '127.0.0.1')).toEqual(
      ACCEPTED,
    );
  });

  it('serves a backup, restored and compared, once NODE_EXTRA_CA_CERTS names its CA, and none before', async () => {
    const run = async (env: Record<string, string>) => {
      const command = new ProgramProcess('scripts/cli.mjs', ['backup:run'], {
        env: { DATABASE_URL: `${server.url}?ssl=true`, BACKUP_DIR: backups, ...TEST_SECRETS, ...env },
      });
      const { code } = await command.ended;
      return { code, said: command.stdout + command.stderr };
    };
    expect((await run({})).code).toBe(1);
    const trusted = await run({ NODE_EXTRA_CA_CERTS: server.ca });
    expect(trusted).toMatchObject({ code: 0, said: expect.stringContaining('restored and compared') });
  });
});

it('a server without encryption is refused by both where it is asked for, and reached where it is not', async () => {
  await server.dropTls();
  expect(await reach('ssl=true')).toEqual(REFUSED);
  expect(await reach('sslmode=no-verify')).toEqual(REFUSED);
  expect(await reach('uselibpqcompat=true&sslmode=prefer')).toEqual(REFUSED);
  expect(await reach('')).toEqual(ACCEPTED);
  expect(await reach('sslmode=disable')).toEqual(ACCEPTED);
});
