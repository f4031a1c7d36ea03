import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { toPlainAddress } from './plain-address.js';

/** Where a request comes from, as far as it can be believed; null when a proxy said something that is no address. */
export const ClientAddress = createParamDecorator((_: unknown, context: ExecutionContext): string | null =>
  toPlainAddress(context.switchToHttp().getRequest<FastifyRequest>().ip),
);
