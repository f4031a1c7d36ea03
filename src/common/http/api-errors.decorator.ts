import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { AppError } from '../errors/app-error.js';
import type { ErrorCode } from '../errors/error-codes.js';

/** What an error says, for the example of it. */
export interface ErrorExample {
  message: string;
  details: Record<string, unknown>;
}

/**
 * Names the errors that are a route's own. What every route can answer (401, 422, 503 and the like) is added to the
 * document for all of them.
 * @param errors codes, or an error itself where the route says more of it than the sentence of its code
 */
export function ApiErrors(...errors: (ErrorCode | AppError)[]) {
  const examples: Partial<Record<ErrorCode, ErrorExample>> = {};
  for (const error of errors)
    if (error instanceof AppError) {
      const { message, details } = error;
      examples[error.code] = { message, details };
    }
  return applyDecorators(
    ApiExtension(
      'x-errors',
      errors.map((error) => (error instanceof AppError ? error.code : error)),
    ),
    ApiExtension('x-error-examples', examples),
  );
}
