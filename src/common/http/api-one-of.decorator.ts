import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';

/** Documents that a 200 is one of several things: the document's generator knows a handler's return type only if it is one. */
export const ApiOneOf = (...types: Type[]) =>
  applyDecorators(
    ApiExtraModels(...types),
    ApiOkResponse({ schema: { oneOf: types.map((type) => ({ $ref: getSchemaPath(type) })) } }),
  );
