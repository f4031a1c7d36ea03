import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { refuseField } from './note-limits.js';

/** What HTTP carries unchanged in a header (RFC 9110, 5.5). */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * The password in X-Note-Password; undefined without one.
 * @throws ValidationFailedError for other characters, of which nobody knows how they were meant
 */
export const NotePasswordHeader = createParamDecorator(
  (_: unknown, context: ExecutionContext): string | undefined => {
    const value = context.switchToHttp().getRequest<FastifyRequest>().headers['x-note-password'];
    if (typeof value !== 'string' || value === '') return undefined;
    if (!PRINTABLE_ASCII.test(value)) {
      refuseField('X-Note-Password', 'must be printable ASCII; send other passwords to POST …/open');
    }
    return value;
  },
);
