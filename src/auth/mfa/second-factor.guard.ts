import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Role } from '../../common/http/principal.js';
import { IS_OPEN_WITHOUT_SECOND_FACTOR } from '../../common/http/without-second-factor.decorator.js';
import { AppConfig } from '../../config/app-config.js';
import { MfaSetupRequiredError } from './mfa.errors.js';

/** Runs after authentication: who must have a second factor and has none reaches only what setting one up needs. */
@Injectable()
export class SecondFactorGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly config: AppConfig,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!principal || principal.hasSecondFactor || !this.isDemandedOf(principal.role)) return true;
    if (
      this.reflector.getAllAndOverride<boolean | undefined>(IS_OPEN_WITHOUT_SECOND_FACTOR, [
        context.getHandler(),
        context.getClass(),
      ])
    )
      return true;
    throw new MfaSetupRequiredError();
  }

  private isDemandedOf(role: Role): boolean {
    const { required } = this.config.mfa;
    return required === 'all' || (required === 'admins' && role === 'admin');
  }
}
