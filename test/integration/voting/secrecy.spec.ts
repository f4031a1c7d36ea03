import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { PollingPlace } from './polling-place.js';

let server: TestServer;
let place: PollingPlace;

beforeAll(async () => {
  server = await startTestServer();
  place = new PollingPlace(server);
});
afterAll(() => server.close());

async function columnsOf(table: string): Promise<Record<string, string>> {
  const { rows } = await server.sql.query<{ column_name: string; data_type: string }>(
    `SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1`,
    [table],
  );
  return Object.fromEntries(rows.map((row) => [row.column_name, row.data_type]));
}

describe('the tables', () => {
  it('have no place for who cast a ballot or when', async () => {
    expect(await columnsOf('ballots')).toEqual({
      id: 'uuid',
      election_id: 'bigint',
      candidate_id: 'bigint',
      ballot: 'text',
      weight: 'numeric',
      nonce: 'bytea',
      leaf_hash: 'bytea',
    });
  });

  it('say of a voter only where they took part', async () => {
    expect(await columnsOf('participations')).toEqual({ election_id: 'bigint', voter_key: 'uuid' });
  });
});

describe('a ballot', () => {
  it('gives ids away that follow no order', async () => {
    const candidate_id = await place.stand();
    const voters = await server.signUpCrowd(20);
    const ids: string[] = [];
    for (const voter of voters)
      ids.push((await server.as(voter).post('/users/vote', { candidate_id })).body.id);
    expect(ids).not.toEqual([...ids].sort());
  });

  it('does not appear in the log, nor does the choice', async () => {
    const candidate_id = await place.stand({ id: 918_273_645 });
    const voter = await server.signUp();
    const { body } = await server.as(voter).post('/users/vote', { candidate_id });
    for (const secret of [body.id, body.receipt.nonce, body.receipt.leaf_hash, String(candidate_id)]) {
      expect(server.log()).not.toContain(secret);
    }
    expect(server.log()).toContain('/users/vote');
  });
});
