import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { PollingPlace } from './polling-place.js';

let server: TestServer;
let place: PollingPlace;
let admin: Actor;

interface Count {
  candidate_id: number;
  candidate_name: string;
  vote_count: number;
}

beforeAll(async () => {
  server = await startTestServer();
  place = new PollingPlace(server);
  admin = await server.signUpAdmin();
});
afterAll(() => server.close());

async function count(electionId: number): Promise<Count[]> {
  const { status, body } = await server
    .as(admin)
    .get(`/admin/votes/all-candidates/count?election_id=${electionId}`);
  expect(status).toBe(200);
  return body;
}

describe('counts', () => {
  it('show every candidate of the default election by id, zero included, and nobody else', async () => {
    const electionId = await place.callElection();
    await place.stand({ electionId, name: 'Stands elsewhere' });
    const second = await place.stand({ id: 902, name: 'Second' });
    const first = await place.stand({ id: 901, name: 'First' });
    await place.vote(await place.register(), { candidate_id: second });
    const { body } = await server.as(admin).get('/admin/votes/all-candidates/count');
    expect(body).toEqual([
      { candidate_id: first, candidate_name: 'First', vote_count: 0 },
      { candidate_id: second, candidate_name: 'Second', vote_count: 1 },
    ]);
  });

  it('give each ballot its weight', async () => {
    const electionId = await place.callElection({ results_policy: 'live' });
    const candidate_id = await place.stand({ electionId });
    await place.vote(await place.register(), { candidate_id });
    await place.vote(await place.register(), { candidate_id });
    await server.sql.query(
      'UPDATE ballots SET weight = 3 WHERE id = (SELECT id FROM ballots WHERE election_id = $1 LIMIT 1)',
      [electionId],
    );
    expect((await count(electionId))[0]?.vote_count).toBe(4);
  });

  it('never run backwards while people vote, and are exact in the end', async () => {
    const electionId = await place.callElection({ results_policy: 'live' });
    const candidates = [await place.stand({ electionId }), await place.stand({ electionId })];
    const voters = await server.signUpCrowd(400);
    const line = voters.map((voter, index) => ({ voter, candidate_id: candidates[index % 2]! }));
    const polling = { isOpen: true };
    const polls = Promise.all(
      Array.from({ length: 32 }, async () => {
        for (let next = line.pop(); next; next = line.pop()) {
          const answer = await server.as(next.voter).post('/users/vote', { candidate_id: next.candidate_id });
          expect(answer.status).toBe(201);
        }
      }),
    ).finally(() => {
      polling.isOpen = false;
    });
    let last = [0, 0];
    while (polling.isOpen) {
      const now = (await count(electionId)).map((row) => row.vote_count);
      expect(now[0]).toBeGreaterThanOrEqual(last[0]!);
      expect(now[1]).toBeGreaterThanOrEqual(last[1]!);
      last = now;
    }
    await polls;
    expect((await count(electionId)).map((row) => row.vote_count)).toEqual([200, 200]);
    expect(await place.totals(electionId)).toEqual({ participations: 400, ballots: 400 });
  });

  it('wait for publication where the election says so', async () => {
    const electionId = await place.callElection();
    const address = `/admin/votes/all-candidates/count?election_id=${electionId}`;
    const early = await server.as(admin).get(address);
    expect([early.status, early.body.error.code]).toEqual([409, 'RESULTS_NOT_AVAILABLE']);
    await server.sql.query(`UPDATE elections SET state = 'published' WHERE id = $1`, [electionId]);
    expect((await server.as(admin).get(address)).body).toEqual([]);
  });

  it('of an unknown election are a 404, and of something else than an id invalid', async () => {
    const unknown = await server.as(admin).get('/admin/votes/all-candidates/count?election_id=987654321');
    expect([unknown.status, unknown.body.error.code]).toEqual([404, 'ELECTION_NOT_FOUND']);
    expect((await server.as(admin).get('/admin/votes/all-candidates/count?election_id=x')).status).toBe(422);
  });

  it('are for admins', async () => {
    const [voter] = await server.signUpCrowd(1);
    expect((await server.api.get('/admin/votes/all-candidates/count')).status).toBe(401);
    expect((await server.as(voter!).get('/admin/votes/all-candidates/count')).status).toBe(403);
  });
});
