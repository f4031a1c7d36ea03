import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AddressesService } from '../../src/users/addresses.service.js';
import type { Actor, Answer } from '../support/api-client.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const VOTERS = 2_000;
const AT_A_TIME = 32;

/** How often each status (and error code) was answered. */
function tally(answers: Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const key = body?.error === undefined ? String(status) : `${status} ${body.error.code}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));

describe('a crowd before two processes of the service', () => {
  let first: TestServer;
  let second: TestServer;
  let admin: Actor;
  let candidates: number[];

  beforeAll(async () => {
    first = await startTestServer();
    second = await startTestServer({ database: first.database });
    admin = await first.signUpAdmin();
  });
  afterAll(async () => {
    await second.close();
    await first.close();
  });
  beforeEach(async () => {
    await first.sql.query('DELETE FROM ballots');
    await first.sql.query('DELETE FROM participations');
    await first.sql.query('DELETE FROM candidates');
    candidates = [];
    for (const name of ['Ada', 'Grace', 'Katherine', 'Radia']) {
      const { body } = await first.as(admin).post('/admin/candidate', { name });
      candidates.push(body.id);
    }
  });

  /** Half of the crowd is served by each process. */
  const server = (index: number) => (index % 2 === 0 ? first : second);

  async function countVotes(process = first): Promise<Map<number, number>> {
    const { status, body } = await process.as(admin).get('/admin/votes/all-candidates/count');
    if (status !== 200) throw new Error(JSON.stringify(body));
    return new Map(body.map((count: any) => [count.candidate_id, count.vote_count]));
  }

  const total = (counts: Map<number, number>) => [...counts.values()].reduce((sum, votes) => sum + votes, 0);

  const vote = (actor: Actor, candidateId: number | undefined, index = 0) =>
    server(index).as(actor).post('/users/vote', { candidate_id: candidateId });

  it('counts one vote of a hundred that one person casts at once, and refuses ninety-nine', async () => {
    const [voter] = (await first.signUpCrowd(1)) as [Actor];
    const answers = await Promise.all(times(100, (index) => vote(voter, candidates[index % 4], index)));
    expect(tally(answers)).toEqual({ 201: 1, '409 ALREADY_VOTED': 99 });
    const counted = answers.find(({ status }) => status === 201)!.body.candidate_id;
    for (const process of [first, second])
      expect(await countVotes(process)).toEqual(
        new Map(candidates.map((id) => [id, id === counted ? 1 : 0])),
      );
  });

  it('never counts backwards while 2,000 people vote, and in the end counts what each of them chose', async () => {
    const voters = await first.signUpCrowd(VOTERS);
    const choices = voters.map((_, index) => candidates[(index * index + 3 * index) % 4]!);
    const sent = new Map(candidates.map((id) => [id, 0]));
    const answers: Answer[] = [];
    let isOver = false;
    let next = 0;

    const lane = async () => {
      for (let index = next++; index < VOTERS; index = next++) {
        const choice = choices[index]!;
        sent.set(choice, sent.get(choice)! + 1);
        answers.push(await vote(voters[index]!, choice, index));
      }
    };
    let counts = 0;
    const observe = async (process: TestServer) => {
      let before = new Map(candidates.map((id) => [id, 0]));
      while (!isOver) {
        const now = await countVotes(process);
        expect([...now.keys()]).toEqual(candidates);
        for (const [id, votes] of now) {
          expect(votes).toBeGreaterThanOrEqual(before.get(id)!);
          expect(votes).toBeLessThanOrEqual(sent.get(id)!);
        }
        before = now;
        counts += 1;
      }
    };
    let lists = 0;
    const list = async () => {
      while (!isOver) {
        const { body } = await second.as(admin).get('/admin/candidate');
        expect(body.items.map(({ id }: { id: number }) => id)).toEqual(candidates);
        lists += 1;
      }
    };

    const voting = Promise.all(times(AT_A_TIME, lane)).finally(() => {
      isOver = true;
    });
    await Promise.all([voting, observe(first), observe(second), list()]);

    expect(tally(answers)).toEqual({ 201: VOTERS });
    expect(counts).toBeGreaterThan(10);
    expect(lists).toBeGreaterThan(5);
    const chosen = new Map(candidates.map((id) => [id, choices.filter((choice) => choice === id).length]));
    expect(await countVotes(first)).toEqual(chosen);
    expect(await countVotes(second)).toEqual(chosen);
    const participations = await first.sql.query('SELECT count(*)::int AS n FROM participations');
    expect(participations.rows[0].n).toBe(VOTERS);
  }, 60_000);

  it('makes one account of a hundred registrations of one address, however it is spelt', async () => {
    const spellings = [
      'crowd@exämple.com',
      'Crowd@EXÄMPLE.com',
      'crowd@xn--exmple-cua.com',
      'CROWD@exa\u0308mple.com',
    ];
    const answers = await Promise.all(
      times(100, (index) =>
        server(index).api.post('/users/register', {
          name: `Somebody ${index}`,
          email: spellings[index % spellings.length],
          password: 'a curious otter sings at dawn',
        }),
      ),
    );
    expect(tally(answers)).toEqual({ 201: 1, '400 USER_EXISTS': 99 });
    const { rows } = await first.sql.query(`SELECT id FROM users WHERE email_normalized LIKE 'crowd@%'`);
    expect(rows).toEqual([{ id: answers.find(({ status }) => status === 201)!.body.id }]);
  });

  it('makes one account of a hundred registrations of one username', async () => {
    const answers = await Promise.all(
      times(100, (index) =>
        server(index).api.post('/users/register', {
          name: 'Somebody',
          email: `username-${index}@example.com`,
          username: index % 3 === 0 ? 'Wanted' : 'wanted',
          password: 'a curious otter sings at dawn',
        }),
      ),
    );
    expect(tally(answers)).toEqual({ 201: 1, '400 USER_EXISTS': 99 });
  });

  it('lets one of a hundred changes to the same revision of a note win', async () => {
    const [writer] = (await first.signUpCrowd(1)) as [Actor];
    const written = await first.as(writer).post('/users/notes', { title: 'Contended', content: 'before' });
    const path = `/users/notes/${written.body.id}`;
    const headers = { 'if-match': written.headers.get('etag')! };
    const answers = await Promise.all(
      times(100, (index) =>
        server(index)
          .as(writer)
          .patch(path, { content: `content ${index}`, title: `title ${index}` }, { headers }),
      ),
    );
    expect(tally(answers)).toEqual({ 200: 1, '412 PRECONDITION_FAILED': 99 });
    const winner = answers.find(({ status }) => status === 200)!;
    const read = await second.as(writer).get(path);
    expect(read.body).toMatchObject({ title: winner.body.title, content: winner.body.content });
    expect(read.headers.get('etag')).toBe(winner.headers.get('etag'));
    expect(read.headers.get('etag')).not.toBe(headers['if-match']);
  });

  describe('one person', () => {
    const PASSWORD = 'a curious otter sings at dawn';
    let serial = 0;
    const newAddress = () => `one-person-${(serial += 1)}@example.com`;

    async function register(email: string): Promise<Actor> {
      return first.signUp({ email, password: PASSWORD });
    }
    const deleteAccount = async (actor: Actor) => {
      expect((await second.as(actor).delete('/users')).status).toBe(204);
    };
    const changeEmail = (actor: Actor, email: string) =>
      first.app.get(AddressesService, { strict: false }).changeEmail(actor.id, email);

    it('has one vote, also after deleting the account and registering again', async () => {
      const email = newAddress();
      const before = await register(email);
      expect((await vote(before, candidates[0])).status).toBe(201);
      await deleteAccount(before);
      for (const spelling of [email, email.toUpperCase()]) {
        const again = await register(spelling);
        expect(again.id).not.toBe(before.id);
        expect(tally([await vote(again, candidates[1], 1)])).toEqual({ '409 ALREADY_VOTED': 1 });
        await deleteAccount(again);
      }
      expect(total(await countVotes())).toBe(1);
    });

    it('may still vote after deleting an account that had not', async () => {
      const email = newAddress();
      await deleteAccount(await register(email));
      expect((await vote(await register(email), candidates[2])).status).toBe(201);
    });

    it('has one vote, also after a change of address', async () => {
      const person = await register(newAddress());
      expect((await vote(person, candidates[0])).status).toBe(201);
      const next = newAddress();
      await changeEmail(person, next);
      const moved = { ...person, token: await second.logIn({ email: next, password: PASSWORD }) };
      expect(tally([await vote(moved, candidates[1], 1)])).toEqual({ '409 ALREADY_VOTED': 1 });
      expect(total(await countVotes())).toBe(1);
    });

    it('has one vote under every address that the account ever had', async () => {
      const addresses = [newAddress(), newAddress(), newAddress()] as const;
      const person = await register(addresses[0]);
      await changeEmail(person, addresses[1]);
      expect((await vote(person, candidates[0])).status).toBe(201);
      await changeEmail(person, addresses[2]);
      await deleteAccount(person);
      for (const [index, email] of addresses.entries())
        expect(tally([await vote(await register(email), candidates[1], index)])).toEqual({
          '409 ALREADY_VOTED': 1,
        });
      expect(total(await countVotes())).toBe(1);
    });

    it('has one vote when an address that has voted is taken over by an account that has not', async () => {
      const email = newAddress();
      const voted = await register(email);
      expect((await vote(voted, candidates[0])).status).toBe(201);
      await deleteAccount(voted);
      const other = await register(newAddress());
      await changeEmail(other, email);
      expect(tally([await vote(other, candidates[1], 1)])).toEqual({ '409 ALREADY_VOTED': 1 });
      expect(total(await countVotes())).toBe(1);
    });

    it('has one vote when voting and moving to another address happen at once', async () => {
      const people = await Promise.all(times(10, () => register(newAddress())));
      const answers = await Promise.all(
        people.flatMap((person) => {
          const moving = changeEmail(person, newAddress());
          return times(6, (index) => vote(person, candidates[index % 4], index)).concat(
            moving.then(() => vote(person, candidates[3], 1)),
          );
        }),
      );
      expect(tally(answers)).toEqual({ 201: 10, '409 ALREADY_VOTED': 60 });
      expect(total(await countVotes())).toBe(10);
    });
  });
});
