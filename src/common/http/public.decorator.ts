import { applyDecorators, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiSecurity } from '@nestjs/swagger';

export const IS_PUBLIC = 'mc101:public';

/**
 * Opens a route to callers without a token. Everything else needs one. On a method Fastify's hooks see it too, which
 * run before Nest knows the handler: in `request.routeOptions.config`.
 */
export const Public = () =>
  applyDecorators(SetMetadata(IS_PUBLIC, true), ApiSecurity({}), RouteConfig({ [IS_PUBLIC]: true }));
