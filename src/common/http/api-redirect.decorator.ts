import { ApiFoundResponse } from '@nestjs/swagger';

/** Describes where a route sends browsers. */
export const ApiRedirect = (description: string, example: string) =>
  ApiFoundResponse({
    description,
    headers: { Location: { description: 'Where to.', schema: { type: 'string', format: 'uri', example } } },
  });
