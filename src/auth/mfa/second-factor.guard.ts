import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { IS_OPEN_WITHOUT_SECOND_FACTOR } from '../../common/http/without-second-factor.decorator.js';
import { MfaPolicy } from './mfa-policy.service.js';
import { MfaSetupRequiredError } from './mfa.errors.js';

/** Runs after authentication: who must have a second factor and has none reaches only what setting one up needs. */
@Injectable()
export class SecondFactorGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly policy: MfaPolicy,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!principal || principal.hasSecondFactor || !this.policy.isDemandedOf(principal)) return true;
    if (
      this.reflector.getAllAndOverride<boolean | undefined>(IS_OPEN_WITHOUT_SECOND_FACTOR, [
        context.getHandler(),
        context.getClass(),
      ])
    )
      return true;
    throw new MfaSetupRequiredError();
  }
}
