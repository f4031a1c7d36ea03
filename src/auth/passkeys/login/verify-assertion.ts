import { verifyAuthenticationResponse, type AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { PasskeyUse, PasskeyWithOwner } from '../passkeys.repository.js';
import type { RelyingParty } from '../relying-party.js';

/**
 * Checks the answer to options for a login (Web Authentication, 7.2), but for its counter: what goes back is only worth
 * an alarm where the signature is right, so the caller compares it afterwards.
 * @param challenge that was taken for it
 * @returns undefined whatever is wrong with it
 */
export async function verifyAssertion(
  response: AuthenticationResponseJSON,
  challenge: string,
  passkey: PasskeyWithOwner,
  { id, origin }: Pick<RelyingParty, 'id' | 'origin'>,
): Promise<PasskeyUse | undefined> {
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
      // With 0 the library compares no counter.
      credential: { id: response.id, publicKey: new Uint8Array(passkey.publicKey), counter: 0 },
    });
    const { newCounter, credentialDeviceType, credentialBackedUp } = authenticationInfo;
    const isBackupEligible = credentialDeviceType === 'multiDevice';
    if (!verified || isBackupEligible !== passkey.isBackupEligible) return undefined;
    return { counter: newCounter, isBackedUp: credentialBackedUp };
  } catch {
    // Everything that the library throws is about what was sent.
    return undefined;
  }
}
