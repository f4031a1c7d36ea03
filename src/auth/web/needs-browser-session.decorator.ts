import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiSecurity } from '@nestjs/swagger';
import { IS_PUBLIC } from '../../common/http/public.decorator.js';
import { BrowserSessionGuard } from './browser-session.guard.js';

/** Opens a route to who brings a session's cookie and CSRF token instead of an access token: one guard for another. */
export const NeedsBrowserSession = () =>
  applyDecorators(
    SetMetadata(IS_PUBLIC, true),
    RouteConfig({ [IS_PUBLIC]: true }),
    UseGuards(BrowserSessionGuard),
    ApiSecurity({ cookie: [], csrf: [], 'csrf-cookie': [] }),
  );
