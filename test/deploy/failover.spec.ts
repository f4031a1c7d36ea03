import { afterEach, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { inLanes } from '../support/lanes.js';
import type { Voter } from '../support/voters.js';
import { Deployment } from './deployment.js';
import type { HttpsClient } from './https-client.js';

const VOTERS = 600;
const AT_A_TIME = 16;

let site: Deployment;
afterEach(() => site.close());

it('when a process is killed under a load of votes, every confirmed vote counts and nobody votes twice', async () => {
  site = await Deployment.start();
  const client = site.clientAt('127.0.0.1');
  const voters = await site.makeVoters(VOTERS);
  const victim = site.services[2]!;
  const statuses = await voteAll(client, voters, (confirmed) => {
    if (confirmed === VOTERS / 3) victim.signal('SIGKILL');
  });
  expect((await victim.ended).signal).toBe('SIGKILL');
  // Somebody whose answer was lost in the fall tries again and is in, or hears that they were.
  for (const tries of statuses.values()) {
    expect(tries.slice(0, -1).filter((status) => status !== 502)).toEqual([]);
    expect(tries.length === 1 ? [201] : [201, 409]).toContain(tries.at(-1));
  }
  const lost = [...statuses.values()].filter((tries) => tries.length > 1);
  // Those that were in the process as it fell; with the next connection nginx knew.
  expect(lost.length).toBeLessThanOrEqual(AT_A_TIME);
  await expectEveryVoteOnce();

  const restarted = await site.startService(victim.port);
  while (!restarted.stdout.includes('"path":"/health"')) {
    expect((await client.get('/health')).status).toBe(200);
    await delay(20);
  }
});

it('when a process is stopped under load no client sees an error, and no vote is lost', async () => {
  site = await Deployment.start();
  const client = site.clientAt('127.0.0.1');
  const voters = await site.makeVoters(VOTERS);
  const stopped = site.services[2]!;
  const statuses = await voteAll(client, voters, (confirmed) => {
    if (confirmed === VOTERS / 3) stopped.signal('SIGTERM');
  });
  expect([...statuses.values()].filter((tries) => tries.join() !== '201')).toEqual([]);
  expect(await stopped.ended).toEqual({ code: 0, signal: null });
  await expectEveryVoteOnce();
});

/** Lets everybody vote, and try again until they are told that they have voted; with the statuses that each one got. */
async function voteAll(
  client: HttpsClient,
  voters: Voter[],
  onConfirmed: (count: number) => void,
): Promise<Map<Voter, number[]>> {
  const statuses = new Map<Voter, number[]>();
  let confirmed = 0;
  await inLanes(AT_A_TIME, voters, async (voter) => {
    const tries: number[] = [];
    statuses.set(voter, tries);
    do {
      const { status } = await client.as(voter).post('/users/vote', { candidate_id: voter.candidateId });
      tries.push(status);
    } while (![201, 409].includes(tries.at(-1)!) && tries.length < 10);
    confirmed += 1;
    onConfirmed(confirmed);
  });
  return statuses;
}

async function expectEveryVoteOnce(): Promise<void> {
  const { rows } = await site.sql.query(
    `SELECT (SELECT count(*)::int FROM ballots) AS ballots,
            (SELECT count(DISTINCT voter_key)::int FROM participations) AS voters,
            (SELECT count(*)::int FROM participations) AS participations`,
  );
  expect(rows).toEqual([{ ballots: VOTERS, voters: VOTERS, participations: VOTERS }]);
}
