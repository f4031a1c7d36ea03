import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { PollingPlace } from './polling-place.js';

let server: TestServer;
let place: PollingPlace;
let admin: Actor;

beforeAll(async () => {
  server = await startTestServer({ env: { DB_POOL_SIZE: '20' } });
  place = new PollingPlace(server);
  admin = await server.signUpAdmin();
});
afterAll(() => server.close());

/** SHA-256(0x00 ‖ leaf data), written from API.md and not from the source. */
function leafHashOf(electionId: number, nonce: Buffer, ballot: string): string {
  const id = Buffer.alloc(8);
  id.writeBigUInt64BE(BigInt(electionId));
  const parts = [Buffer.from('mc101/ballot/v1'), id, nonce, Buffer.from(ballot)].map((bytes) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  return createHash('sha256')
    .update(Buffer.concat([Buffer.from([0]), ...parts]))
    .digest('hex');
}

async function votesFor(candidateId: number, electionId?: number): Promise<number> {
  const query = electionId === undefined ? '' : `?election_id=${electionId}`;
  const { body } = await server.as(admin).get(`/admin/votes/all-candidates/count${query}`);
  return body.find((row: { candidate_id: number }) => row.candidate_id === candidateId).vote_count;
}

describe('a vote', () => {
  it('is counted once and answered with a receipt that anyone can recompute', async () => {
    const candidate_id = await place.stand();
    const voter = await server.signUp();
    const nonce = randomBytes(32);
    const { status, body } = await server
      .as(voter)
      .post('/users/vote', { candidate_id, nonce: nonce.toString('base64url') });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      election_id: 1,
      candidate_id,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      receipt: {
        election_id: 1,
        leaf_hash: leafHashOf(1, nonce, `{"candidate_id":${candidate_id}}`),
        nonce: nonce.toString('base64url'),
        ballot: { candidate_id },
        state: 'pending',
      },
    });
    expect(await votesFor(candidate_id)).toBe(1);
  });

  it('gets a nonce of its own when the client sends none, and the receipt is what is stored', async () => {
    const candidate_id = await place.stand();
    const [one, other] = await server.signUpCrowd(2);
    const first = (await server.as(one!).post('/users/vote', { candidate_id })).body;
    const second = (await server.as(other!).post('/users/vote', { candidate_id })).body;
    expect(first.receipt.nonce).not.toBe(second.receipt.nonce);
    const nonce = Buffer.from(first.receipt.nonce, 'base64url');
    expect(first.receipt.leaf_hash).toBe(leafHashOf(1, nonce, `{"candidate_id":${candidate_id}}`));
    const { rows } = await server.sql.query('SELECT * FROM ballots WHERE id = $1', [first.id]);
    expect(rows).toEqual([
      {
        id: first.id,
        election_id: 1,
        candidate_id,
        ballot: `{"candidate_id":${candidate_id}}`,
        weight: '1',
        nonce,
        leaf_hash: Buffer.from(first.receipt.leaf_hash, 'hex'),
      },
    ]);
  });

  it('counts once when a hundred of one person arrive at once', async () => {
    const candidate_id = await place.stand();
    const voter = await server.signUp();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => server.as(voter).post('/users/vote', { candidate_id })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status === 409);
    expect(refused).toHaveLength(99);
    expect(new Set(refused.map(({ body }) => body.error.code))).toEqual(new Set(['ALREADY_VOTED']));
    expect(await votesFor(candidate_id)).toBe(1);
  });

  it('counts once in each election that a person takes part in', async () => {
    const electionId = await place.callElection();
    const voter = await place.register();
    expect(await place.vote(voter, { candidate_id: await place.stand() })).toBe('counted');
    expect(await place.vote(voter, { candidate_id: await place.stand({ electionId }) })).toBe('counted');
    expect(await place.vote(voter, { candidate_id: await place.stand({ electionId }) })).toBe(
      'ALREADY_VOTED',
    );
  });

  it.each([
    ['no candidate', {}],
    ['a candidate as text', { candidate_id: '1' }],
    ['a fraction', { candidate_id: 1.5 }],
    ['zero', { candidate_id: 0 }],
    ['a number that JSON parsers round', { candidate_id: 2 ** 53 }],
    ['a list', { candidate_id: [1] }],
    ['the ballot of another method', { candidate_id: 1, ranking: [1] }],
    ['an election as null', { candidate_id: 1, election_id: null }],
    ['a short nonce', { candidate_id: 1, nonce: 'AAAA' }],
    ['a nonce with stray bits', { candidate_id: 1, nonce: `${'A'.repeat(42)}B` }],
  ])('with %s is refused as invalid', async (_, body) => {
    const [voter] = await server.signUpCrowd(1);
    const answer = await server.as(voter!).post('/users/vote', body);
    expect([answer.status, answer.body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
  });

  it('for nobody, in an unknown election or in one where the candidate does not stand is a 404', async () => {
    const electionId = await place.callElection();
    const candidate_id = await place.stand();
    const voter = await place.register();
    expect(await place.vote(voter, { candidate_id: 2 ** 40 })).toBe('CANDIDATE_NOT_FOUND');
    expect(await place.vote(voter, { candidate_id, election_id: 2 ** 40 })).toBe('ELECTION_NOT_FOUND');
    expect(await place.vote(voter, { candidate_id, election_id: electionId })).toBe('CANDIDATE_NOT_FOUND');
    expect(await place.vote(voter, { candidate_id, election_id: 1 })).toBe('counted');
  });

  it('goes to the election where the candidate stands now, also when another process moved the id', async () => {
    const neighbour = await startTestServer({ database: server.database });
    try {
      const electionId = await place.callElection();
      const id = await place.stand({ id: 4_000 });
      const [early, late] = [await place.register(), await place.register()];
      // The first process learns where the candidate stands from a vote that another reason refuses.
      await server.sql.query('UPDATE users SET is_active = false WHERE id = $1', [early.userId]);
      expect(await place.vote(early, { candidate_id: id })).toBe('UNAUTHENTICATED');
      await server.sql.query('DELETE FROM candidates WHERE id = $1', [id]);
      await new PollingPlace(neighbour).stand({ id, electionId });
      expect(await place.vote(late, { candidate_id: id })).toBe('counted');
      expect(await place.totals(electionId)).toEqual({ participations: 1, ballots: 1 });
    } finally {
      await neighbour.close();
    }
  });
});

describe('a nonce', () => {
  it('that another voter used for the same choice is refused, and the vote is still to be had', async () => {
    const electionId = await place.callElection();
    const candidate_id = await place.stand({ electionId });
    const nonce = randomBytes(32).toString('base64url');
    const [first, second] = [await place.register(), await place.register()];
    expect(await place.vote(first, { candidate_id, nonce })).toBe('counted');
    expect(await place.vote(second, { candidate_id, nonce })).toBe('CONFLICT');
    expect(await place.totals(electionId)).toEqual({ participations: 1, ballots: 1 });
    expect(await place.vote(second, { candidate_id })).toBe('counted');
  });

  it('that a client repeats with its own vote says that it has voted', async () => {
    const candidate_id = await place.stand();
    const nonce = randomBytes(32).toString('base64url');
    const voter = await place.register();
    expect(await place.vote(voter, { candidate_id, nonce })).toBe('counted');
    expect(await place.vote(voter, { candidate_id, nonce })).toBe('ALREADY_VOTED');
  });
});

describe('an election', () => {
  const hour = (offset: number) => new Date(Date.now() + offset * 3_600_000);

  it.each([
    ['is a draft', { state: 'draft' }],
    ['is closed', { state: 'closed' }],
    ['is published', { state: 'published' }],
    ['is cancelled', { state: 'cancelled' }],
    ['has not begun', { opens_at: hour(1) }],
    ['is over', { opens_at: hour(-2), closes_at: hour(-1) }],
  ])('takes no votes when it %s', async (_, columns) => {
    const electionId = await place.callElection(columns);
    const candidate_id = await place.stand({ electionId });
    expect(await place.vote(await place.register(), { candidate_id })).toBe('ELECTION_NOT_OPEN');
    expect(await place.totals(electionId)).toEqual({ participations: 0, ballots: 0 });
  });

  it('takes votes within its window', async () => {
    const electionId = await place.callElection({ opens_at: hour(-1), closes_at: hour(1) });
    const candidate_id = await place.stand({ electionId });
    expect(await place.vote(await place.register(), { candidate_id })).toBe('counted');
  });

  it('takes no vote that was on its way when it closed', async () => {
    const electionId = await place.callElection();
    const candidate_id = await place.stand({ electionId });
    const voter = await place.register();
    const closing = await place.hold(`UPDATE elections SET state = 'closed' WHERE id = $1`, [electionId]);
    const vote = place.vote(voter, { candidate_id });
    await closing.untilBlocked(1);
    await closing.commit();
    expect(await vote).toBe('ELECTION_NOT_OPEN');
    expect(await place.totals(electionId)).toEqual({ participations: 0, ballots: 0 });
  });

  it('for verified voters waits for a verified address', async () => {
    const electionId = await place.callElection({ eligibility: 'verified' });
    const candidate_id = await place.stand({ electionId });
    const voter = await place.register();
    expect(await place.vote(voter, { candidate_id })).toBe('NOT_ELIGIBLE');
    await server.sql.query('UPDATE users SET email_verified_at = now() WHERE id = $1', [voter.userId]);
    expect(await place.vote(voter, { candidate_id })).toBe('counted');
  });

  it('with a roll refuses whoever is not on it, answered as 403', async () => {
    const electionId = await place.callElection({ eligibility: 'roll' });
    const candidate_id = await place.stand({ electionId });
    const voter = await server.signUp();
    await server.sql.query('UPDATE users SET email_verified_at = now() WHERE id = $1', [voter.id]);
    const { status, body } = await server.as(voter).post('/users/vote', { candidate_id });
    expect([status, body.error.code]).toEqual([403, 'NOT_ELIGIBLE']);
  });

  it('of another method takes no plurality ballot', async () => {
    const electionId = await place.callElection({ method: 'irv' });
    const candidate_id = await place.stand({ electionId });
    expect(await place.vote(await place.register(), { candidate_id })).toBe('VALIDATION_ERROR');
  });
});

describe('a candidate', () => {
  it('that was withdrawn takes no new votes, keeps those that it has, and can stand again', async () => {
    const candidate_id = await place.stand();
    const [one, other] = await server.signUpCrowd(2);
    expect((await server.as(one!).post('/users/vote', { candidate_id })).status).toBe(201);
    await place.withdraw(candidate_id);
    const refused = await server.as(other!).post('/users/vote', { candidate_id });
    expect([refused.status, refused.body.error.code]).toEqual([409, 'CANDIDATE_WITHDRAWN']);
    expect(await votesFor(candidate_id)).toBe(1);
    await place.withdraw(candidate_id, false);
    expect((await server.as(other!).post('/users/vote', { candidate_id })).status).toBe(201);
  });

  it('takes no vote that was on its way when it was withdrawn', async () => {
    const candidate_id = await place.stand();
    const voter = await place.register();
    const withdrawal = await place.hold('UPDATE candidates SET withdrawn_at = now() WHERE id = $1', [
      candidate_id,
    ]);
    const vote = place.vote(voter, { candidate_id });
    await withdrawal.untilBlocked(1);
    await withdrawal.commit();
    expect(await vote).toBe('CANDIDATE_WITHDRAWN');
  });

  it('is either deleted or voted for, never both, when votes and the deletion race', async () => {
    const voters = await server.signUpCrowd(60);
    for (let round = 0; round < 6; round += 1) {
      const electionId = await place.callElection({ results_policy: 'live' });
      const candidate_id = await place.stand({ electionId });
      const votes = voters
        .slice(round * 10, round * 10 + 10)
        .map((voter) => place.vote({ userId: voter.id }, { candidate_id }));
      const deletion = server.as(admin).delete(`/admin/candidate/${candidate_id}`);
      const outcomes = await Promise.all(votes);
      const counted = outcomes.filter((outcome) => outcome === 'counted').length;
      const { status, body } = await deletion;
      if (status === 204) {
        expect(new Set(outcomes)).toEqual(new Set(['CANDIDATE_NOT_FOUND']));
      } else {
        expect([status, body.error.code]).toEqual([409, 'CANDIDATE_HAS_VOTES']);
        expect(counted).toBe(10);
      }
      expect(await place.totals(electionId)).toEqual({ participations: counted, ballots: counted });
    }
  });

  it('that goes while a vote waits for it takes the vote with it', async () => {
    const electionId = await place.callElection();
    const candidate_id = await place.stand({ electionId });
    const voter = await place.register();
    const deletion = await place.hold('DELETE FROM candidates WHERE id = $1', [candidate_id]);
    const vote = place.vote(voter, { candidate_id });
    await deletion.untilBlocked(1);
    await deletion.commit();
    expect(await vote).toBe('CANDIDATE_NOT_FOUND');
    expect(await place.totals(electionId)).toEqual({ participations: 0, ballots: 0 });
  });
});
