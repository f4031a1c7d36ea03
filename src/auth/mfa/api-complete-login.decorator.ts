import { ApiBody } from '@nestjs/swagger';
import { CompleteLoginRequest } from './mfa.dto.js';

const MFA_TOKEN = 'Wk3tR8vQ1nXz5cYb7LmD2sGfH9jKpA4uE6oTiB0xNqM';

/** The body by which a login is completed, whichever way its tokens take. */
export const ApiCompleteLogin = () =>
  ApiBody({
    type: CompleteLoginRequest,
    examples: {
      code: {
        summary: 'With a code of the authenticator app',
        value: { mfa_token: MFA_TOKEN, code: '081804' },
      },
      backupCode: {
        summary: 'With a backup code',
        value: { mfa_token: MFA_TOKEN, backup_code: 'k3vq-7xmd-a2pw-ynht-5rcz-be6j' },
      },
    },
  });
