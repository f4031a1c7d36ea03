import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ForbiddenError } from '../common/errors/common.errors.js';
import type { Role } from '../common/http/principal.js';
import { REQUIRED_ROLES } from '../common/http/roles.decorator.js';

/** Runs after authentication: a route or controller with @Roles() is for these roles only. */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const required = this.reflector.getAllAndOverride<Role[] | undefined>(REQUIRED_ROLES, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (!required) return true;
    const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!principal || !required.includes(principal.role)) throw new ForbiddenError();
    return true;
  }
}
