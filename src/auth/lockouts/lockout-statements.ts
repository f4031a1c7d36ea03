import type { Statement } from '../../database/prepared.js';

/** Of the limits that slow down before anything locks. */
const RATE_WINDOW_SECONDS = 600;

/** A password is checked in much less. What takes longer was cut off by a crash, and counts as failed. */
const PENDING_SECONDS = 60;

/** Rows that say nothing any more, cleared away with each failure: more than one failure makes. */
const SWEPT_AT_ONCE = 10;

const NOW = 'clock_timestamp()';

/** Every attempt in the row `f`, with whether it failed; one that was never settled did. */
const ATTEMPTS = `(SELECT t AS at, true AS failed FROM unnest(f.failed_at) t
                   UNION ALL
                   SELECT p.at, p.at < ${NOW} - interval '${PENDING_SECONDS} seconds'
                   FROM (SELECT to_timestamp(value::float8) AS at FROM jsonb_each_text(f.pending)) p)`;

/** From when on attempts in the row `f` count towards a lock: a lock that has run out has settled those before it. */
const begun = (windowSeconds: string) =>
  `greatest(${NOW} - make_interval(secs => ${windowSeconds}), coalesce(f.locked_until, '-infinity'))`;

const RATE_BEGUN = `${NOW} - interval '${RATE_WINDOW_SECONDS} seconds'`;

const secondsUntil = (moment: string) => `ceil(extract(epoch FROM ${moment} - ${NOW}))::integer`;

/**
 * Looks at every bucket of an attempt and, if all of them have room, reserves a place in each.
 *
 * `looked` is what stood there when the statement began: while something refuses, nothing is written and nothing waited
 * for, so that a flood against what is locked costs reading alone. `reserved` decides: each of many at once waits for the
 * row and counts those before it. A bucket that filled up in between is missing from what is reserved, and the caller
 * gives the others back. Rows are locked in the order of their keys, here and below, so that none waits for the other.
 *
 * Of a pair (identifier and address) attempts are only counted after the identifier was locked. An account whose bucket
 * refuses blocks nothing: see LoginGate.
 */
export const RESERVE: Statement = {
  name: 'login-failures.reserve',
  text: `WITH asked AS (
           SELECT * FROM unnest($2::bytea[], $3::bytea[], $4::text[], $5::integer[], $6::integer[], $7::integer[])
             AS a(key, account, kind, threshold, window_seconds, rate_limit)
         ), looked AS (
           SELECT a.*, f.locked_at, t.recent,
                  greatest(${secondsUntil('f.locked_until')},
                           CASE WHEN t.failed >= a.threshold
                             THEN ${secondsUntil('t.oldest + make_interval(secs => a.window_seconds)')} END) AS locked_seconds,
                  CASE WHEN t.rate_failed >= a.rate_limit
                    THEN ${secondsUntil(`t.rate_oldest + interval '${RATE_WINDOW_SECONDS} seconds'`)} END AS limited_seconds,
                  coalesce(t.taken >= a.threshold OR t.rate_taken >= a.rate_limit, false) AS is_full
           FROM asked a LEFT JOIN login_failures f ON f.key = a.key
             LEFT JOIN LATERAL (
               SELECT count(*) FILTER (WHERE at > begun) AS taken,
                      count(*) FILTER (WHERE at > begun AND failed) AS failed,
                      min(at) FILTER (WHERE at > begun AND failed) AS oldest,
                      count(*) FILTER (WHERE at > ${RATE_BEGUN}) AS rate_taken,
                      count(*) FILTER (WHERE at > ${RATE_BEGUN} AND failed) AS rate_failed,
                      min(at) FILTER (WHERE at > ${RATE_BEGUN} AND failed) AS rate_oldest,
                      count(*) FILTER (WHERE failed AND at > ${NOW} - make_interval(secs => a.window_seconds)) AS recent
               FROM ${ATTEMPTS} attempts, LATERAL (SELECT ${begun('a.window_seconds')} AS begun) since
             ) t ON f.key IS NOT NULL
         ), judged AS (
           SELECT *, CASE WHEN locked_seconds > 0 THEN 'locked' WHEN limited_seconds > 0 THEN 'limited'
                          WHEN is_full THEN 'crowded' ELSE 'open' END AS state,
                  kind <> 'pair' OR EXISTS (SELECT FROM looked WHERE kind = 'identifier'
                                            AND locked_at > ${NOW} - make_interval(secs => $8)) AS counts
           FROM looked
         ), reserved AS (
           INSERT INTO login_failures AS f (key, account, pending, forget_at)
           SELECT key, account, jsonb_build_object($1::text, extract(epoch FROM ${NOW})),
                  ${NOW} + make_interval(secs => greatest(window_seconds, ${RATE_WINDOW_SECONDS}))
           FROM judged
           WHERE state = 'open' AND counts
             AND NOT EXISTS (SELECT FROM judged WHERE state = 'crowded' OR (state <> 'open' AND kind <> 'account'))
           ORDER BY key
           ON CONFLICT (key) DO UPDATE
             SET pending = f.pending || excluded.pending, account = excluded.account,
                 forget_at = greatest(f.forget_at, excluded.forget_at)
             WHERE coalesce(f.locked_until <= ${NOW}, true) AND (
               SELECT count(*) FILTER (WHERE at > ${begun('a.window_seconds')}) < a.threshold
                      AND count(*) FILTER (WHERE at > ${RATE_BEGUN}) < a.rate_limit
               FROM asked a LEFT JOIN ${ATTEMPTS} attempts ON true
               WHERE a.key = excluded.key GROUP BY a.threshold, a.rate_limit)
           RETURNING key
         )
         SELECT j.kind, j.state, j.counts, coalesce(j.recent, 0)::integer AS recent, r.key IS NOT NULL AS "isReserved",
                greatest(1, coalesce(j.locked_seconds, 0), coalesce(j.limited_seconds, 0)) AS "retryAfterSeconds"
         FROM judged j LEFT JOIN reserved r ON r.key = j.key`,
};

/** The rows that hold this reservation, locked in order. */
const HELD = `held AS (
  SELECT key FROM login_failures WHERE key = ANY ($2::bytea[]) AND pending ? $1::text ORDER BY key FOR UPDATE
)`;

/** Makes a reservation a failure, and locks what has had too many of them. Answers the locks that it set. */
export const FAIL: Statement = {
  name: 'login-failures.fail',
  text: `WITH ${HELD}, asked AS (
           SELECT * FROM unnest($2::bytea[], $3::text[], $4::integer[], $5::integer[], $6::integer[], $7::integer[], $8::integer[])
             AS a(key, kind, threshold, window_seconds, lock_seconds, max_lock_seconds, memory_seconds)
         ), settled AS (
           UPDATE login_failures f
           SET (pending, failed_at, locked_at, locked_until, lock_level, forget_at) = (
             SELECT coalesce((SELECT jsonb_object_agg(p.key, p.value) FROM jsonb_each(f.pending) p
                              WHERE p.key <> $1::text AND to_timestamp(p.value::float8)
                                > ${NOW} - make_interval(secs => greatest(a.window_seconds, ${RATE_WINDOW_SECONDS}))), '{}'),
                    ARRAY(SELECT t FROM unnest(f.failed_at) t
                          WHERE t > ${NOW} - make_interval(secs => greatest(a.window_seconds, ${RATE_WINDOW_SECONDS}))
                          ORDER BY t) || ${NOW},
                    CASE WHEN locks THEN ${NOW} ELSE f.locked_at END,
                    CASE WHEN locks THEN ${NOW} + make_interval(secs => lock_for) ELSE f.locked_until END,
                    CASE WHEN locks THEN level ELSE f.lock_level END,
                    greatest(f.forget_at, ${NOW} + make_interval(secs => greatest(a.window_seconds, ${RATE_WINDOW_SECONDS})),
                             CASE WHEN locks THEN ${NOW} + make_interval(secs => lock_for + a.memory_seconds) END)
             FROM (SELECT count(*) FILTER (WHERE failed AND at > ${begun('a.window_seconds')}) + 1 >= a.threshold AS locks
                   FROM ${ATTEMPTS} attempts) l,
                  LATERAL (SELECT CASE WHEN f.locked_until > ${NOW} - make_interval(secs => a.memory_seconds)
                                    THEN least(f.lock_level + 1, 20) ELSE 0 END AS level) v,
                  LATERAL (SELECT least(a.lock_seconds * 2.0 ^ level, a.max_lock_seconds)::float8 AS lock_for) d
           )
           FROM held, asked a WHERE f.key = held.key AND a.key = f.key
           RETURNING a.kind, f.key, f.locked_at, f.locked_until, f.lock_level
         ), swept AS (
           DELETE FROM login_failures WHERE key IN (
             SELECT key FROM login_failures WHERE forget_at < ${NOW} AND key <> ALL ($2::bytea[])
             ORDER BY forget_at LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED)
         )
         SELECT s.kind, round(extract(epoch FROM s.locked_until - s.locked_at))::integer AS seconds,
                s.lock_level > 0 AS "isRepeated"
         FROM settled s LEFT JOIN login_failures before ON before.key = s.key
         WHERE s.locked_at IS DISTINCT FROM before.locked_at`,
};

/** Gives a reservation back. What the person themself has proven right ($3) begins anew, reserved in or not. */
export const GIVE_BACK: Statement = {
  name: 'login-failures.give-back',
  text: `WITH held AS (
           SELECT key FROM login_failures WHERE (key = ANY ($2::bytea[]) AND pending ? $1::text) OR key = ANY ($3::bytea[])
           ORDER BY key FOR UPDATE
         )
         UPDATE login_failures f
         SET pending = f.pending - $1::text, failed_at = CASE WHEN f.key = ANY ($3::bytea[]) THEN '{}' ELSE f.failed_at END
         FROM held WHERE f.key = held.key`,
};

/**
 * How many failures of an account's buckets, in the one that has most, are newer than its last login. The session that
 * has just begun is not the last one; the account's row is locked by then, so that of many logins one finds them.
 */
export const FAILURES_SINCE_LOGIN: Statement = {
  name: 'login-failures.since-login',
  text: `SELECT coalesce(max(failures), 0)::integer AS failures FROM (
           SELECT count(*) AS failures
           FROM unnest($1::bytea[], $2::integer[]) AS a(key, window_seconds) JOIN login_failures f ON f.key = a.key,
                LATERAL ${ATTEMPTS} attempts
           WHERE failed AND at > ${NOW} - make_interval(secs => a.window_seconds)
             AND at > coalesce((SELECT max(created_at) FROM sessions WHERE user_id = $3 AND id <> $4::uuid), '-infinity')
           GROUP BY f.key) counted`,
};

/** Forgets what was counted of an account, whichever of its names was tried, and the locks with it. */
export const CLEAR: Statement = {
  name: 'login-failures.clear',
  text: `DELETE FROM login_failures WHERE key IN (
           SELECT key FROM login_failures WHERE key = ANY ($1::bytea[]) OR account = ANY ($1::bytea[]) ORDER BY key FOR UPDATE)`,
};
