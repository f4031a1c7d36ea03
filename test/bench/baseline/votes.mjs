import { Buffer } from 'node:buffer';
import { createHash, randomBytes, randomUUID } from 'node:crypto';

const BODY = {
  type: 'object',
  required: ['candidate_id'],
  properties: { candidate_id: { type: 'integer', minimum: 1 } },
};

const CAST = {
  name: 'cast',
  text: `WITH participation AS (
           INSERT INTO participations (election_id, voter_key)
           SELECT e.id, $1 FROM candidates c JOIN elections e ON e.id = c.election_id
           WHERE c.id = $2 AND e.id = $3 AND e.state = 'open' AND c.withdrawn_at IS NULL
           ON CONFLICT DO NOTHING RETURNING election_id
         )
         INSERT INTO ballots (id, election_id, candidate_id, ballot, nonce, leaf_hash)
         SELECT $4, election_id, $2, $5, $6, $7 FROM participation RETURNING now() AS created_at`,
};

/** One statement, which votes or does not. */
export function addVotes(app, pool, authenticate) {
  const electionId = Number(process.env.ELECTION_ID);

  app.post('/users/vote', { onRequest: authenticate, schema: { body: BODY } }, async (request, reply) => {
    const { candidate_id } = request.body;
    const ballot = JSON.stringify({ candidate_id });
    const id = randomUUID();
    const nonce = randomBytes(32);
    const leafHash = hashLeaf(electionId, nonce, ballot);
    const { rows } = await pool.query({
      ...CAST,
      values: [request.user.voter_key, candidate_id, electionId, id, ballot, nonce, leafHash],
    });
    if (rows.length === 0) return reply.code(409).send({ error: { code: 'ALREADY_VOTED' } });
    const receipt = {
      election_id: electionId,
      leaf_hash: leafHash.toString('hex'),
      nonce: nonce.toString('base64url'),
      ballot: { candidate_id },
      state: 'pending',
    };
    return reply
      .code(201)
      .send({ id, election_id: electionId, candidate_id, created_at: rows[0].created_at, receipt });
  });
}

function hashLeaf(electionId, nonce, ballot) {
  const id = Buffer.alloc(8);
  id.writeBigUInt64BE(BigInt(electionId));
  const hash = createHash('sha256').update(Buffer.of(0));
  for (const field of [Buffer.from('mc101/ballot/v1'), id, nonce, Buffer.from(ballot)]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    hash.update(length).update(field);
  }
  return hash.digest();
}
