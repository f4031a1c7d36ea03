import { ApiBody } from '@nestjs/swagger';
import type { ErrorCode } from '../../../common/errors/error-codes.js';
import { ApiErrors } from '../../../common/http/api-errors.decorator.js';
import { EXAMPLE_CODE, ExchangeRequest } from '../codes/oauth-codes.dto.js';

/** The body of an exchange. */
export const ApiExchange = () =>
  ApiBody({
    type: ExchangeRequest,
    examples: {
      code: { summary: 'The code that the browser came back with', value: EXAMPLE_CODE },
      invited: {
        summary: 'The same for a first login by invitation',
        value: { ...EXAMPLE_CODE, invitation: 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M' },
      },
    },
  });

/** What an exchange can be refused with, on both channels, and besides. */
export const ApiExchangeErrors = (...others: ErrorCode[]) =>
  ApiErrors(
    ...others,
    'OAUTH_CODE_INVALID',
    'IDENTITY_NOT_LINKED',
    'OAUTH_EMAIL_MISSING',
    'REGISTRATION_CLOSED',
    'EMAIL_DOMAIN_NOT_ALLOWED',
    'INVITATION_INVALID',
    'INVALID_CREDENTIALS',
    'LOCKED_OUT',
    'RATE_LIMITED',
    'BUSY',
  );
