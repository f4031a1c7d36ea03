import type { FastifyInstance } from 'fastify';
import type { LimitVerdict } from './limit-verdict.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the limits that this request met said, in order. */
    limitVerdicts: LimitVerdict[];
  }
}

/** The two fields of draft-ietf-httpapi-ratelimit-headers-10: a list of structured items (RFC 9651) each. */
export function limitHeaders(verdicts: readonly LimitVerdict[]): Record<string, string> {
  // What a limit said last about a policy is what holds.
  const latest = [...new Map(verdicts.map((verdict) => [verdict.policy, verdict])).values()];
  if (latest.length === 0) return {};
  const policies = latest.map(
    ({ policy, limit, windowSeconds }) => `"${policy}";q=${limit};w=${windowSeconds}`,
  );
  const states = latest.map(({ policy, remaining, ...verdict }) => {
    const seconds = verdict.allowed ? verdict.resetSeconds : verdict.retryAfterSeconds;
    return `"${policy}";r=${remaining};t=${seconds}`;
  });
  return { 'ratelimit-policy': policies.join(', '), ratelimit: states.join(', ') };
}

/** Tells every client how much of each limit that its request met is left. To be called before any other hook is added. */
export function answerWithLimits(fastify: FastifyInstance): void {
  // An array of each request's own: what is decorated with is shared by all of them.
  fastify.decorateRequest('limitVerdicts', null as never);
  fastify.addHook('onRequest', (request, _reply, done) => {
    request.limitVerdicts = [];
    done();
  });
  fastify.addHook('onSend', (request, reply, payload, done) => {
    void reply.headers(limitHeaders(request.limitVerdicts));
    done(null, payload);
  });
}
