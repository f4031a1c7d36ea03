const FIND_USER = {
  name: 'find-user',
  text: `SELECT u.id, u.name, u.email, u.username, u.role, u.email_verified_at IS NOT NULL AS email_verified,
                u.voter_key, u.created_at, s.id AS session_id, s.expires_at
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > now() AND u.is_active`,
};

const SCHEME = 'Bearer ';

/** @returns a hook that answers 401 unless the token is right, its session is alive and its user is active. */
export function authenticateWith(accessTokens, pool) {
  return async (request, reply) => {
    const header = request.headers.authorization ?? '';
    const claims = header.startsWith(SCHEME) && accessTokens.verify(header.slice(SCHEME.length));
    if (!claims) return reply.code(401).send({ error: { code: 'UNAUTHENTICATED' } });
    const { rows } = await pool.query({ ...FIND_USER, values: [claims.sessionId, claims.userId] });
    if (rows.length === 0) return reply.code(401).send({ error: { code: 'UNAUTHENTICATED' } });
    request.user = rows[0];
    return undefined;
  };
}
