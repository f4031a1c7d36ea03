import { verifyRegistrationResponse, type RegistrationResponseJSON } from '@simplewebauthn/server';
import { decodeAttestationObject, isoBase64URL } from '@simplewebauthn/server/helpers';
import type { RelyingParty } from '../relying-party.js';

/** EdDSA, ES256, RS256 (the last for older Windows Hello), as IANA numbers COSE algorithms. */
export const ALGORITHMS = [-8, -7, -257];

/** An RSA key of 4096 bits has some 530. */
const MAX_PUBLIC_KEY_BYTES = 1024;

export interface RegisteredKey {
  credentialId: Buffer;
  publicKey: Buffer;
  counter: number;
  isBackupEligible: boolean;
  isBackedUp: boolean;
  aaguid: string;
}

/**
 * Checks the answer to options for a registration (Web Authentication, 7.1).
 * @param challenge that was taken for it
 * @returns undefined whatever is wrong with it
 */
export async function verifyRegistration(
  response: RegistrationResponseJSON,
  challenge: string,
  { id, origin }: Pick<RelyingParty, 'id' | 'origin'>,
): Promise<RegisteredKey | undefined> {
  try {
    if (!isWithoutCertificates(response.response.attestationObject)) return undefined;
    const { registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    if (!registrationInfo) return undefined;
    const { credential, credentialDeviceType, credentialBackedUp, aaguid } = registrationInfo;
    if (credential.id !== response.id || credential.publicKey.length > MAX_PUBLIC_KEY_BYTES) return undefined;
    return {
      credentialId: Buffer.from(credential.id, 'base64url'),
      publicKey: Buffer.from(credential.publicKey),
      counter: credential.counter,
      isBackupEligible: credentialDeviceType === 'multiDevice',
      isBackedUp: credentialBackedUp,
      aaguid,
    };
  } catch {
    // Everything that the library throws is about what was sent.
    return undefined;
  }
}

/**
 * True for attestation `none`, and for a key that vouches for itself, which browsers leave as it is. To check any other
 * the library would follow addresses that stand in certificates which anybody can make.
 */
function isWithoutCertificates(attestationObject: string): boolean {
  const decoded = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject));
  const format = decoded.get('fmt');
  return format === 'none' || (format === 'packed' && decoded.get('attStmt').get('x5c') === undefined);
}
