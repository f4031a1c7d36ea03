import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { renameSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { locateBinaries } from '../../../src/database/embedded/locate-binaries.js';
import { inLanes } from '../../support/lanes.js';
import { databasePid, Operator, query, readSecrets } from '../../support/operator.js';
import { PUBLIC_URL, type ServiceProcess } from '../../support/service-process.js';
import { makeVoters as makeVotersFor, type Voter } from '../../support/voters.js';

jest.setTimeout(120_000);

const ADMIN = { email: 'admin@example.com', password: 'seven otters at noon' };
const VOTERS = 1_500;
const AT_A_TIME = 16;

const keeper = new Operator();
const operator = new Operator();
/** A data folder with an admin, to be copied. */
let used: string;

beforeAll(async () => {
  used = await keeper.newDataDir();
  await (await keeper.start({ dataDir: used, env: { ADMIN_PASSWORD: ADMIN.password } })).stop();
});
afterEach(() => operator.cleanUp());
afterAll(() => keeper.cleanUp());

it('after each kill -9 of the service every vote that was confirmed counts once, and in the end everybody voted once', async () => {
  const dataDir = await operator.copyOf(used);
  let service = await operator.start({ dataDir });
  const voters = await makeVoters(service, dataDir);
  const confirmed = new Set<Voter>();
  for (const killAfter of [200, 500, 800]) {
    const tried = await vote(service, voters, confirmed, (count) => {
      if (count === killAfter) service.signal('SIGKILL');
    });
    expect((await service.ended).signal).toBe('SIGKILL');
    expect(confirmed.size).toBeGreaterThanOrEqual(killAfter);
    expect(confirmed.size).toBeLessThan(VOTERS);
    service = await operator.start({ dataDir });
    await expectCounts(service, dataDir, confirmed, tried);
  }
  const { refused } = await voteToTheEnd(service, voters);
  expect(refused).toBeGreaterThanOrEqual(confirmed.size);
  await expectCounts(service, dataDir, new Set(voters), new Set(voters));
});

it('while the database is gone after a kill -9 every route says so, and it comes back with every confirmed vote', async () => {
  const dataDir = await operator.copyOf(used);
  const programs = await installation();
  const service = await operator.start({ dataDir, env: { PG_BIN_DIR: programs.folder } });
  const voters = await makeVoters(service, dataDir);
  const confirmed = new Set<Voter>();
  const killed = (await databasePid(dataDir))!;
  const tried = await vote(service, voters, confirmed, (count) => {
    if (count === 400) {
      programs.hide();
      process.kill(killed, 'SIGKILL');
    }
  });
  expect(confirmed.size).toBeLessThan(VOTERS);

  const somebody = service.api.as(voters[0]!);
  const refused = await until(
    () => somebody.get('/users/info'),
    ({ status }) => status !== 200,
  );
  expect(refused).toMatchObject({
    status: 503,
    body: {
      error: {
        code: 'DATABASE_UNAVAILABLE',
        message: expect.any(String),
        details: {},
        request_id: refused.headers.get('x-request-id'),
      },
    },
  });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const down = await until(
    () => service.api.get('/ready'),
    ({ status }) => status !== 200,
  );
  expect(down).toMatchObject({
    status: 503,
    body: { status: 'down', checks: { database: { status: 'down' } } },
  });
  expect((await service.api.get('/health')).status).toBe(200);

  programs.show();
  await until(
    () => service.api.get('/ready'),
    ({ status }) => status === 200,
  );
  expect(service.hasEnded).toBe(false);
  expect(await databasePid(dataDir)).not.toBe(killed);
  await expectCounts(service, dataDir, confirmed, tried);
  await voteToTheEnd(service, voters);
  await expectCounts(service, dataDir, new Set(voters), new Set(voters));
  expect(await service.stop()).toEqual({ code: 0, signal: null });
});

async function makeVoters(service: ServiceProcess, dataDir: string): Promise<Voter[]> {
  return makeVotersFor({
    size: VOTERS,
    service,
    admin: ADMIN,
    query: (text, values) => query(dataDir, text, values),
    env: { PUBLIC_URL },
    secrets: await readSecrets(dataDir),
  });
}

/**
 * Lets everybody without a confirmed vote vote, until all have or an answer fails to come.
 * @returns who tried; for those without a confirmation nobody knows.
 */
async function vote(
  service: ServiceProcess,
  voters: Voter[],
  confirmed: Set<Voter>,
  onConfirmed: (count: number) => void,
): Promise<Set<Voter>> {
  const waiting = voters.filter((voter) => !confirmed.has(voter));
  const tried = new Set(confirmed);
  let isBroken = false;
  await inLanes(AT_A_TIME, waiting, async (voter) => {
    if (isBroken) return;
    tried.add(voter);
    const status = await cast(service, voter);
    // A vote of an earlier round whose confirmation was lost.
    if (status === 409) return;
    if (status !== 201) isBroken = true;
    else onConfirmed(confirmed.add(voter).size);
  });
  return tried;
}

/** Everybody once more: who has voted is refused. */
async function voteToTheEnd(service: ServiceProcess, voters: Voter[]): Promise<{ refused: number }> {
  let refused = 0;
  await inLanes(AT_A_TIME, voters, async (voter) => {
    const status = await cast(service, voter);
    expect([201, 409]).toContain(status);
    if (status === 409) refused += 1;
  });
  return { refused };
}

/** The status of the answer; undefined when there was none. */
async function cast({ api }: ServiceProcess, { token, candidateId }: Voter): Promise<number | undefined> {
  return api
    .as({ token })
    .post('/users/vote', { candidate_id: candidateId })
    .then(
      ({ status }) => status,
      () => undefined,
    );
}

/** Every confirmed vote is counted, none that nobody cast, and nobody's twice. */
async function expectCounts(
  service: ServiceProcess,
  dataDir: string,
  confirmed: Set<Voter>,
  tried: Set<Voter>,
): Promise<void> {
  const admin = service.api.as({ token: await service.logIn(ADMIN.email, ADMIN.password) });
  const counts = (await admin.get('/admin/votes/all-candidates/count')).body as {
    candidate_id: number;
    vote_count: number;
  }[];
  expect(counts).toHaveLength(new Set([...tried].map(({ candidateId }) => candidateId)).size);
  for (const { candidate_id, vote_count } of counts) {
    const of = (voters: Set<Voter>) =>
      [...voters].filter(({ candidateId }) => candidateId === candidate_id).length;
    expect(vote_count).toBeGreaterThanOrEqual(of(confirmed));
    expect(vote_count).toBeLessThanOrEqual(of(tried));
  }
  const [stored] = await query(
    dataDir,
    `SELECT (SELECT count(*)::int FROM ballots) AS ballots, (SELECT count(*)::int FROM participations) AS participations`,
  );
  const total = counts.reduce((sum, { vote_count }) => sum + vote_count, 0);
  expect(stored).toEqual({ ballots: total, participations: total });
}

/** A PostgreSQL whose server program can be out of reach for a while, so that a restart has to wait for it. */
async function installation() {
  const { binDir } = await locateBinaries({
    pgBinDir: process.env['MC101_TEST_PG_BIN_DIR'],
    searchPath: process.env['PATH'],
  });
  const folder = await operator.folder();
  for (const program of ['postgres', 'initdb'])
    await symlink(path.join(binDir, program), path.join(folder, program));
  const server = path.join(folder, 'postgres');
  return {
    folder,
    hide: () => {
      renameSync(server, `${server}.away`);
    },
    show: () => {
      renameSync(`${server}.away`, server);
    },
  };
}

/** Asks until the answer fits; the test's own timeout is the limit. */
async function until<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    await delay(50);
  }
}
