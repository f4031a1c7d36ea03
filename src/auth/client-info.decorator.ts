import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { toPlainAddress } from '../common/http/plain-address.js';
import { userAgentOf } from '../common/http/user-agent.js';

/** Where a request comes from, as far as it can be believed. */
export interface ClientInfo {
  /** Null when a proxy said something that is no address. */
  ip: string | null;
  userAgent: string | null;
  /** What the device said to be known by; whether it is, is for the lockout to find out. */
  deviceToken: string | null;
}

export const Client = createParamDecorator((_: unknown, context: ExecutionContext): ClientInfo => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const deviceToken = request.headers['x-device-token'];
  return {
    ip: toPlainAddress(request.ip),
    userAgent: userAgentOf(request),
    deviceToken: typeof deviceToken === 'string' ? deviceToken : null,
  };
});
