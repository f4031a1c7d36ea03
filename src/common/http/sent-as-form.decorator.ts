import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Hands a handler whether its body came as a URL-encoded form, and not as JSON. */
export const SentAsForm = createParamDecorator((_: unknown, context: ExecutionContext): boolean => {
  const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
  return /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '');
});
