import { applyDecorators, type Type } from '@nestjs/common';
import { ApiConsumes, ApiExtension, ApiExtraModels, getSchemaPath } from '@nestjs/swagger';

/** Documents a body that is taken as JSON and as a URL-encoded form, which has fields of its own. */
export const ApiForm = (fields: Type, examples: Record<string, { summary: string; value: object }>) =>
  applyDecorators(
    ApiConsumes('application/json', 'application/x-www-form-urlencoded'),
    ApiExtraModels(fields),
    ApiExtension('x-form', { schema: { $ref: getSchemaPath(fields) }, examples }),
  );
