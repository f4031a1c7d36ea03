// The least that could do the same work: Fastify, `pg` with prepared statements, one function a route.
import Fastify from 'fastify';
import pg from 'pg';
import { AccessTokens } from '../access-token.mjs';
import { authenticateWith } from './authenticate.mjs';
import { addLogin } from './login.mjs';
import { addNotes } from './notes.mjs';
import { addVotes } from './votes.mjs';

const BIGINT_OID = 20;

pg.types.setTypeParser(BIGINT_OID, Number);

const { DATABASE_URL, DB_POOL_SIZE, PORT, JWT_SECRET_KEY } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: Number(DB_POOL_SIZE) });
const authenticate = authenticateWith(new AccessTokens(JWT_SECRET_KEY), pool);

const app = Fastify();
app.decorateRequest('user', null);
app.get('/health', () => ({ status: 'ok', message: 'The service is running.' }));
app.get('/users/info', { onRequest: authenticate }, ({ user }) => ({
  user_id: user.id,
  id: user.id,
  name: user.name,
  email: user.email,
  username: user.username,
  is_active: true,
  email_verified: user.email_verified,
  role: user.role,
  created_at: user.created_at,
  session: { id: user.session_id, expires_at: user.expires_at },
}));
addLogin(app);
addNotes(app, pool, authenticate);
addVotes(app, pool, authenticate);

process.once('SIGTERM', () => {
  void app
    .close()
    .then(() => pool.end())
    .then(() => process.exit(0));
});
await app.listen({ port: Number(PORT), host: '127.0.0.1' });
