import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { OAuthCodesRepository } from '../../src/auth/oauth/codes/oauth-codes.repository.js';
import type { OAuthPurpose } from '../../src/auth/oauth/flows/oauth-flow.entity.js';
import { OpaqueTokens } from '../../src/auth/tokens/opaque-tokens.js';
// Its type alone: tests that make costly work cheap load the service after that.
import type { TestServer } from './test-server.js';

const draw = () => randomBytes(32).toString('base64url');

/** What a client has once a provider has vouched for somebody new, without a provider. */
export async function vouchedCode(
  server: TestServer,
  purpose: OAuthPurpose,
  { code, code_verifier: verifier } = { code: draw(), code_verifier: draw() },
): Promise<{ code: string; code_verifier: string }> {
  const [hash] = new OpaqueTokens(server.config, 'mc101/oauth-code/v1').hashesOf(code);
  const id = randomUUID();
  const identity = {
    provider: 'google',
    issuer: 'https://accounts.google.com',
    subject: id,
    email: `vouched-${id}@example.com`,
    isEmailVerified: true,
    name: 'Ada',
    authenticatedAt: null,
    isMultiFactor: false,
  };
  const codeChallenge = createHash('sha256').update(verifier).digest('base64url');
  await server.app.get(OAuthCodesRepository).add(hash!, { identity, purpose, codeChallenge }, 60);
  return { code, code_verifier: verifier };
}
