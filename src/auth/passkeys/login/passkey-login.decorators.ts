import { ApiBody } from '@nestjs/swagger';
import { EXAMPLE_ASSERTION, EXAMPLE_CREDENTIAL_ID } from '../example-passkey.js';
import { PasskeyLoginOptionsRequest, PasskeyLoginRequest } from './passkey-login.dto.js';

/** The body of a request for options. */
export const ApiPasskeyName = () =>
  ApiBody({
    type: PasskeyLoginOptionsRequest,
    examples: {
      nameless: { summary: 'Whichever passkey the browser finds', value: {} },
      email: { summary: 'The passkeys of an e-mail address', value: { email: 'ada@example.com' } },
      username: { summary: 'The passkeys of a username', value: { username: 'ada' } },
    },
  });

/** The body of a login. */
export const ApiUsedPasskey = () =>
  ApiBody({
    type: PasskeyLoginRequest,
    examples: {
      passkey: {
        summary: 'A credential as its toJSON() writes it',
        value: {
          credential: {
            id: EXAMPLE_CREDENTIAL_ID,
            rawId: EXAMPLE_CREDENTIAL_ID,
            type: 'public-key',
            authenticatorAttachment: 'platform',
            clientExtensionResults: {},
            response: EXAMPLE_ASSERTION,
          },
        },
      },
    },
  });
