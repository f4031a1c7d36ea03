import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { leafHash } from '../../../src/voting/transparency/leaf-hash.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { INSERT_BALLOT, PollingPlace, type Voter } from './polling-place.js';

let server: TestServer;
let place: PollingPlace;
let electionId: number;
let candidate_id: number;

beforeAll(async () => {
  server = await startTestServer();
  place = new PollingPlace(server);
});
afterAll(() => server.close());

beforeEach(async () => {
  electionId = await place.callElection();
  candidate_id = await place.stand({ electionId });
});

const vote = (voter: Voter) => place.vote(voter, { candidate_id });

describe('one person has one vote', () => {
  it('after deleting the account and registering again with the same address in another spelling', async () => {
    const person = await server.signUp();
    expect((await server.as(person).post('/users/vote', { candidate_id })).status).toBe(201);
    expect((await server.as(person).delete('/users/')).status).toBe(204);
    const again = await server.signUp({ email: person.email.toUpperCase() });
    const { status, body } = await server.as(again).post('/users/vote', { candidate_id });
    expect([status, body.error.code]).toEqual([409, 'ALREADY_VOTED']);
    expect(await place.totals(electionId)).toEqual({ participations: 1, ballots: 1 });
  });

  it('after moving to a new address, and so has whoever takes the old one', async () => {
    const voter = await place.register();
    expect(await vote(voter)).toBe('counted');
    await place.move(voter, place.address());
    expect(await vote(voter)).toBe('ALREADY_VOTED');
    expect(await vote(await place.register(voter.email))).toBe('ALREADY_VOTED');
  });

  it('whichever of two accounts that share a past votes first', async () => {
    const voter = await place.register();
    await place.move(voter, place.address());
    const heir = await place.register(voter.email);
    expect(await vote(heir)).toBe('counted');
    expect(await vote(voter)).toBe('ALREADY_VOTED');
  });

  it('after moving to an address whose former owner has voted', async () => {
    const former = await place.register();
    expect(await vote(former)).toBe('counted');
    await place.leave(former);
    const voter = await place.register();
    await place.move(voter, former.email);
    expect(await vote(voter)).toBe('ALREADY_VOTED');
    expect(await vote(await place.register(voter.email))).toBe('ALREADY_VOTED');
    expect(await place.totals(electionId)).toEqual({ participations: 1, ballots: 1 });
  });

  it('after voting and moving to an address whose former owner has not voted', async () => {
    const former = await place.register();
    await place.leave(former);
    const voter = await place.register();
    expect(await vote(voter)).toBe('counted');
    const moved = await place.move(voter, former.email);
    await place.move(moved, place.address());
    for (const email of [voter.email, former.email]) {
      expect(await vote(await place.register(email))).toBe('ALREADY_VOTED');
    }
    expect(await vote(voter)).toBe('ALREADY_VOTED');
    expect(await place.totals(electionId)).toEqual({ participations: 1, ballots: 1 });
  });

  it('also where both had voted before: both ballots stay, with a participation for each', async () => {
    const former = await place.register();
    const voter = await place.register();
    expect([await vote(former), await vote(voter)]).toEqual(['counted', 'counted']);
    await place.leave(former);
    await place.move(voter, former.email);
    expect(await vote(voter)).toBe('ALREADY_VOTED');
    expect(await place.totals(electionId)).toEqual({ participations: 2, ballots: 2 });
  });

  it('in whatever order people register, vote, move and leave', async () => {
    const step = fc.record({
      act: fc.constantFrom('register', 'vote', 'move', 'leave'),
      at: fc.nat({ max: 3 }),
      to: fc.nat({ max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24 }), async (steps) => {
        const election = await place.callElection();
        const choice = await place.stand({ electionId: election });
        const addresses = Array.from({ length: 4 }, () => place.address());
        const accounts: (Voter | undefined)[] = addresses.map(() => undefined);
        // The model: addresses that one account ever held are one person, and a person votes once.
        let persons = addresses.map((_, index) => new Set([index]));
        const personAt = (index: number) => persons.find((person) => person.has(index))!;
        const voted = new Set<number>();
        let counted = 0;
        for (const { act, at, to } of steps) {
          const account = accounts[at];
          if (act === 'register' && !account) accounts[at] = await place.register(addresses[at]);
          if (!account) continue;
          if (act === 'leave') {
            await place.leave(account);
            accounts[at] = undefined;
          } else if (act === 'move' && !accounts[to]) {
            accounts[to] = await place.move(account, addresses[to]!);
            accounts[at] = undefined;
            const joined = new Set([...personAt(at), ...personAt(to)]);
            persons = [...persons.filter((person) => !person.has(at) && !person.has(to)), joined];
          } else if (act === 'vote') {
            const mayVote = ![...personAt(at)].some((index) => voted.has(index));
            expect(await place.vote(account, { candidate_id: choice })).toBe(
              mayVote ? 'counted' : 'ALREADY_VOTED',
            );
            voted.add(at);
            if (mayVote) counted += 1;
          }
        }
        expect(await place.totals(election)).toEqual({ participations: counted, ballots: counted });
      }),
      { numRuns: 60 },
    );
  });
});

describe('one person has one vote, also when things happen at once:', () => {
  it('a vote that waits for a move to an address that has voted is refused', async () => {
    const former = await place.register();
    expect(await vote(former)).toBe('counted');
    await place.leave(former);
    const voter = await place.register();
    // The move has the account and waits for the address; the vote waits for the account.
    const { rows } = await server.sql.query<{ voter_key: string }>(
      'SELECT voter_key FROM participations WHERE election_id = $1',
      [electionId],
    );
    const held = await place.hold('SELECT FROM voter_keys WHERE voter_key = $1 FOR UPDATE', [
      rows[0]!.voter_key,
    ]);
    const move = place.move(voter, former.email);
    await held.untilBlocked(1);
    const late = vote(voter);
    await held.untilBlocked(2);
    await held.commit();
    await move;
    expect(await late).toBe('ALREADY_VOTED');
    expect(await place.totals(electionId)).toEqual({ participations: 1, ballots: 1 });
  });

  it('a vote that is on its way takes its participation along when the account moves', async () => {
    const former = await place.register();
    await place.leave(former);
    const voter = await place.register();
    const held = await place.hold('SELECT FROM elections WHERE id = $1 FOR UPDATE', [electionId]);
    const early = vote(voter);
    await held.untilBlocked(1);
    const move = place.move(voter, former.email);
    await held.untilBlocked(2);
    await held.commit();
    expect(await early).toBe('counted');
    await move;
    expect(await vote(voter)).toBe('ALREADY_VOTED');
    expect(await vote(await place.register(voter.email))).toBe('ALREADY_VOTED');
    expect(await place.totals(electionId)).toEqual({ participations: 1, ballots: 1 });
  });

  it('a voter moves to a former address of someone whose vote is on its way', async () => {
    const neighbour = await place.register();
    await place.move(neighbour, place.address());
    const voter = await place.register();
    expect(await vote(voter)).toBe('counted');
    // Stops the neighbour's vote between participation and ballot: its leaf hash is taken for the moment.
    const nonce = randomBytes(32);
    const leaf = leafHash({ electionId, nonce, ballot: `{"candidate_id":${candidate_id}}` });
    const held = await place.hold(INSERT_BALLOT, [electionId, candidate_id, leaf]);
    const late = place.vote(neighbour, { candidate_id, nonce: nonce.toString('base64url') });
    await held.untilBlocked(1);
    const move = place.move(voter, neighbour.email);
    await held.untilBlocked(2);
    await held.rollBack();
    expect(await late).toBe('counted');
    await move;
    expect([await vote(voter), await vote(neighbour)]).toEqual(['ALREADY_VOTED', 'ALREADY_VOTED']);
    expect(await place.totals(electionId)).toEqual({ participations: 2, ballots: 2 });
  });

  it('an account is deleted while its vote waits', async () => {
    const voter = await place.register();
    const held = await place.hold('DELETE FROM users WHERE id = $1', [voter.userId]);
    const late = vote(voter);
    await held.untilBlocked(1);
    await held.commit();
    expect(await late).toBe('UNAUTHENTICATED');
    expect(await place.totals(electionId)).toEqual({ participations: 0, ballots: 0 });
  });

  it('an account votes ten times while it moves to and fro', async () => {
    for (let round = 0; round < 10; round += 1) {
      const former = await place.register();
      await place.leave(former);
      const voter = await place.register();
      const before = await place.totals(electionId);
      const votes = Array.from({ length: 10 }, () => vote(voter));
      const move = place.move(voter, former.email);
      const outcomes = await Promise.all(votes);
      await move;
      expect(outcomes.filter((outcome) => outcome === 'counted')).toHaveLength(1);
      expect(await vote(await place.register(voter.email))).toBe('ALREADY_VOTED');
      expect(await place.totals(electionId)).toEqual({
        participations: before.participations + 1,
        ballots: before.ballots + 1,
      });
    }
  });

  it('two accounts move at once, one to a former address of the other', async () => {
    const last = await place.register();
    await place.leave(last);
    const middle = await place.register();
    const moved = await place.move(middle, place.address());
    const first = await place.register();
    // The first stops with the middle's old address in hand, and the middle moves on behind it.
    const held = await place.hold(
      'SELECT FROM voter_keys WHERE voter_key = (SELECT voter_key FROM users WHERE id = $1) FOR UPDATE',
      [first.userId],
    );
    const one = place.move(first, middle.email);
    await held.untilBlocked(1);
    const other = place.move(moved, last.email);
    await held.untilBlocked(2);
    await held.commit();
    await Promise.all([one, other]);
    expect(await vote(first)).toBe('counted');
    for (const email of [first.email, moved.email]) {
      expect(await vote(await place.register(email))).toBe('ALREADY_VOTED');
    }
    expect(await vote(middle)).toBe('ALREADY_VOTED');
  });

  it('two accounts move at once, each to a former address of the other', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [one, other] = [await place.register(), await place.register()];
      await place.move(one, place.address());
      await place.move(other, place.address());
      await Promise.all([place.move(one, other.email), place.move(other, one.email)]);
      const outcomes = await Promise.all([vote(one), vote(other)]);
      expect(outcomes.sort()).toEqual(['ALREADY_VOTED', 'counted']);
    }
  });
});
