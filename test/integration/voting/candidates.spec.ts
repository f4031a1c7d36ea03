import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiClient, Actor } from '../../support/api-client.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';
import { PollingPlace } from './polling-place.js';

let server: TestServer;
let place: PollingPlace;
let admin: ApiClient;

beforeAll(async () => {
  server = await startTestServer();
  place = new PollingPlace(server);
  admin = server.as(await server.signUpAdmin());
});
afterAll(() => server.close());

const name = () => `Candidate ${unique()}`;

/** Adds a candidate. @returns its id. */
async function add(fields: Record<string, unknown> = {}): Promise<number> {
  return (await admin.post('/admin/candidate', { name: name(), ...fields })).body.id;
}

describe('an admin', () => {
  it('adds a candidate to the default election, independent unless said otherwise', async () => {
    const grace = name();
    const { status, body } = await admin.post('/admin/candidate', { name: grace });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(Number),
      name: grace,
      party: 'independent',
      election_id: 1,
      created_at: expect.stringMatching(/Z$/),
    });
    expect((await admin.get(`/admin/candidate/${body.id}`)).body).toEqual({ ...body, withdrawn: false });
  });

  it('gets names and parties back exactly as given', async () => {
    const odd = `  Zoe\u0308 "O'Neil"\t🗳️ ${unique()} `;
    const created = (await admin.post('/admin/candidate', { name: odd, party: ' ß ' })).body;
    expect([created.name, created.party]).toEqual([odd, ' ß ']);
  });

  it('cannot add a name twice to one election, however it is spelled, but can to another one', async () => {
    const grace = name();
    await admin.post('/admin/candidate', { name: grace });
    const again = await admin.post('/admin/candidate', {
      name: ` ${grace.toUpperCase().replace(' ', '\u00a0 ')}`,
    });
    expect([again.status, again.body.error.code]).toEqual([409, 'CANDIDATE_EXISTS']);
    const election_id = await place.callElection();
    expect((await admin.post('/admin/candidate', { name: grace, election_id })).status).toBe(201);
  });

  it('gets one candidate of a name when a hundred arrive at once', async () => {
    const grace = name();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => admin.post('/admin/candidate', { name: grace })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error?.code === 'CANDIDATE_EXISTS')).toHaveLength(99);
  });

  it('chooses ids, which the service steps over', async () => {
    const next = await add();
    for (const id of [next + 1, next + 2, next + 4]) {
      expect(await add({ id })).toBe(id);
    }
    const generated = [];
    for (let made = 0; made < 3; made += 1) {
      generated.push(await add());
    }
    expect(generated).toEqual([next + 3, next + 5, next + 6]);
  });

  it('may choose the highest id, after which the service goes on from low ones', async () => {
    const before = await add();
    const highest = await admin.post('/admin/candidate', { name: name(), id: 2 ** 31 });
    expect(highest.body.id).toBe(2_147_483_648);
    expect(await add()).toBe(before + 1);
  });

  it('gets a conflict for an id that is taken, once for each of many at once', async () => {
    const id = 70_000;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => admin.post('/admin/candidate', { name: name(), id })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error?.code === 'CONFLICT')).toHaveLength(19);
  });

  it('gets a 404 for an election that does not exist', async () => {
    for (const id of [undefined, 71_000]) {
      const { status, body } = await admin.post('/admin/candidate', {
        name: name(),
        id,
        election_id: 2 ** 40,
      });
      expect([status, body.error.code]).toEqual([404, 'ELECTION_NOT_FOUND']);
    }
  });

  it.each([
    ['no name', {}],
    ['an empty name', { name: '' }],
    ['a name of white space', { name: ' \u00a0\t' }],
    ['a name that is too long', { name: 'x'.repeat(201) }],
    ['a party that is too long', { name: 'x', party: 'x'.repeat(101) }],
    ['a party that is null', { name: 'x', party: null }],
    ['a name with NUL', { name: 'a\0b' }],
    ['an id as text', { name: 'x', id: '7' }],
    ['an id of zero', { name: 'x', id: 0 }],
    ['an id past the highest', { name: 'x', id: 2 ** 31 + 1 }],
    ['a fraction for an id', { name: 'x', id: 1.5 }],
    ['an unknown field', { name: 'x', votes: 100 }],
  ])('cannot add a candidate with %s', async (_, body) => {
    const answer = await admin.post('/admin/candidate', body);
    expect([answer.status, answer.body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
  });

  it('pages through the candidates of an election by id', async () => {
    const election_id = await place.callElection();
    const ids = [];
    for (let made = 0; made < 5; made += 1) {
      ids.push(await add({ election_id }));
    }
    const seen: number[] = [];
    let cursor = '';
    do {
      const { body } = await admin.get(`/admin/candidate?election_id=${election_id}&limit=2${cursor}`);
      seen.push(...body.items.map((candidate: { id: number }) => candidate.id));
      cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
    } while (cursor !== '');
    expect(seen).toEqual(ids);
    const everywhere = (await admin.get('/admin/candidate?limit=100')).body.items.map(
      (candidate: { election_id: number }) => candidate.election_id,
    );
    expect(new Set(everywhere).size).toBeGreaterThan(1);
  });

  it('gets no list of an election that is not there, and an empty one of an election without candidates', async () => {
    const unknown = await admin.get('/admin/candidate?election_id=999999');
    expect([unknown.status, unknown.body.error.code]).toEqual([404, 'ELECTION_NOT_FOUND']);
    const empty = await admin.get(`/admin/candidate?election_id=${await place.callElection()}`);
    expect(empty.body).toEqual({ items: [], next_cursor: null });
  });

  it('is told that there is no such candidate, whatever the election', async () => {
    const { body } = await admin.get('/admin/candidate/999999');
    expect(body.error.message).toBe('There is no such candidate.');
  });

  it('renames and withdraws a candidate, and changes nothing that was not named', async () => {
    const { id, ...created } = (await admin.post('/admin/candidate', { name: name(), party: 'Greens' })).body;
    const renamed = `${created.name} Junior`;
    expect((await admin.patch(`/admin/candidate/${id}`, { name: renamed })).body).toEqual({
      ...created,
      id,
      name: renamed,
      withdrawn: false,
    });
    expect((await admin.patch(`/admin/candidate/${id}`, { withdrawn: true })).body.withdrawn).toBe(true);
    expect((await admin.patch(`/admin/candidate/${id}`, { party: 'Reds' })).body).toMatchObject({
      name: renamed,
      party: 'Reds',
      withdrawn: true,
    });
    expect((await admin.patch(`/admin/candidate/${id}`, {})).body.party).toBe('Reds');
    expect((await admin.patch(`/admin/candidate/${id}`, { withdrawn: false })).body.withdrawn).toBe(false);
    expect((await admin.patch(`/admin/candidate/${id}`, { withdrawn: 'true' })).status).toBe(422);
    expect((await admin.patch(`/admin/candidate/${id}`, { name: null })).status).toBe(422);
    // Its old name is free again, its new one is taken.
    const other = (await admin.post('/admin/candidate', { name: created.name })).body;
    const clash = await admin.patch(`/admin/candidate/${other.id}`, { name: renamed.toUpperCase() });
    expect([clash.status, clash.body.error.code]).toEqual([409, 'CANDIDATE_EXISTS']);
  });

  it('deletes a candidate without votes, and only withdraws one that has some', async () => {
    const [chosen, unloved] = [await place.stand(), await place.stand()];
    await place.vote(await place.register(), { candidate_id: chosen });
    const kept = await admin.delete(`/admin/candidate/${chosen}`);
    expect([kept.status, kept.body.error.code]).toEqual([409, 'CANDIDATE_HAS_VOTES']);
    expect((await admin.delete(`/admin/candidate/${unloved}`)).status).toBe(204);
    for (const gone of [unloved, 'x', '0', 2 ** 53]) {
      const answers = [
        await admin.get(`/admin/candidate/${gone}`),
        await admin.patch(`/admin/candidate/${gone}`, { party: 'x' }),
        await admin.delete(`/admin/candidate/${gone}`),
      ];
      expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual(
        Array(3).fill([404, 'CANDIDATE_NOT_FOUND']),
      );
    }
  });
});

describe('everybody else', () => {
  const calls = (api: ApiClient) =>
    Promise.all([
      api.post('/admin/candidate', { name: 'Me' }),
      api.get('/admin/candidate'),
      api.get('/admin/candidate/1'),
      api.patch('/admin/candidate/1', { party: 'x' }),
      api.delete('/admin/candidate/1'),
    ]).then((answers) => answers.map(({ status }) => status));

  it('may not touch candidates', async () => {
    const [voter] = (await server.signUpCrowd(1)) as [Actor];
    expect(await calls(server.api)).toEqual(Array(5).fill(401));
    expect(await calls(server.as(voter))).toEqual(Array(5).fill(403));
  });
});
