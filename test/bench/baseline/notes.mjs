import { Buffer } from 'node:buffer';
import { createSecretKey } from 'node:crypto';
import { deriveSubkey } from '../../../dist/crypto/derive-subkey.js';
import { parseKeyRing } from '../../../dist/crypto/parse-key-ring.js';
import { open, seal } from './seal.mjs';

const BODY = {
  type: 'object',
  required: ['title', 'content'],
  properties: {
    title: { type: 'string', minLength: 1, maxLength: 200 },
    content: { type: 'string', maxLength: 1_048_576 },
    tags: { type: 'array', maxItems: 20, items: { type: 'string', minLength: 1, maxLength: 50 } },
  },
};

// Notes are sealed directly under one key. The columns of the key hierarchy are filled with as many bytes as the
// service writes, so that both write rows of one size.
const INSERT = {
  name: 'insert-note',
  text: `INSERT INTO notes (user_id, format, mode, key_id, wrapped_key, key_commitment, sealed_title, title_revision,
                            sealed_content, content_revision)
         VALUES ($1, 1, 'app', 'user', $2, $3, $4, 1, $5, 1) RETURNING id, created_at, updated_at`,
};

const FIND = {
  name: 'find-note',
  text: `SELECT id, sealed_title, sealed_content, created_at, updated_at FROM notes WHERE id = $1 AND user_id = $2`,
};

const WRAPPED_KEY = Buffer.alloc(60, 1);
const KEY_COMMITMENT = Buffer.alloc(32, 1);

export function addNotes(app, pool, authenticate) {
  const { current } = parseKeyRing('APP_ENCRYPTION_KEY', process.env.APP_ENCRYPTION_KEY);
  const key = createSecretKey(deriveSubkey(current, 'mc101-bench/notes'));

  app.post(
    '/users/notes',
    { onRequest: authenticate, schema: { body: BODY } },
    async ({ user, body }, reply) => {
      const { title, content, tags = [] } = body;
      const sealedTitle = seal(key, JSON.stringify({ title, tags }), `title ${user.id}`);
      const sealedContent = seal(key, content, `content ${user.id}`);
      const { rows } = await pool.query({
        ...INSERT,
        values: [user.id, WRAPPED_KEY, KEY_COMMITMENT, sealedTitle, sealedContent],
      });
      return reply.code(201).send(toAnswer(rows[0], title, tags, content));
    },
  );

  app.get('/users/notes/:id', { onRequest: authenticate }, async ({ user, params }, reply) => {
    const { rows } = await pool.query({ ...FIND, values: [Number(params.id), user.id] });
    if (rows.length === 0) return reply.code(404).send({ error: { code: 'NOTE_NOT_FOUND' } });
    const { title, tags } = JSON.parse(open(key, rows[0].sealed_title, `title ${user.id}`));
    return toAnswer(rows[0], title, tags, open(key, rows[0].sealed_content, `content ${user.id}`));
  });
}

function toAnswer({ id, created_at, updated_at }, title, tags, content) {
  return { id, title, content, personal_encryption: false, tags, created_at, updated_at };
}
