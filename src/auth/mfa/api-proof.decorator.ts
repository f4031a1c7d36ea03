import { ApiBody } from '@nestjs/swagger';
import { ProofRequest } from './mfa.dto.js';

/** The body by which somebody who is logged in proves again who they are. */
export const ApiProof = () =>
  ApiBody({
    type: ProofRequest,
    examples: {
      password: { summary: 'With the password', value: { password: 'a curious otter sings at dawn' } },
      code: { summary: 'With a code of the authenticator app', value: { code: '081804' } },
    },
  });
