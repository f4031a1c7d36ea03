import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { toPlainAddress } from '../common/http/plain-address.js';

/** Where a request comes from, as far as it can be believed. */
export interface ClientInfo {
  /** Null when a proxy said something that is no address. */
  ip: string | null;
  userAgent: string | null;
  /** What the device said to be known by; whether it is, is for the lockout to find out. */
  deviceToken: string | null;
}

const MAX_USER_AGENT = 512;

export const Client = createParamDecorator((_: unknown, context: ExecutionContext): ClientInfo => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const deviceToken = request.headers['x-device-token'];
  return {
    ip: toPlainAddress(request.ip),
    userAgent: request.headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null,
    deviceToken: typeof deviceToken === 'string' ? deviceToken : null,
  };
});
