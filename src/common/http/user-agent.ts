import type { FastifyRequest } from 'fastify';

const MAX_USER_AGENT = 512;

/** What a client calls itself, cut off after 512 characters; null where it says nothing. */
export function userAgentOf(request: FastifyRequest): string | null {
  return request.headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null;
}
