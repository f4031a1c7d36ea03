import { decodeClientDataJSON } from '@simplewebauthn/server/helpers';

/** base64url of 256 bits. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

const isChallenge = (claimed: unknown) => typeof claimed === 'string' && CHALLENGE.test(claimed);

/**
 * Which challenge an answer says to be for (Web Authentication, 5.8.1). Read as the library reads it, so that what is
 * looked up is what is verified.
 * @returns undefined for what is none of ours, or comes from a frame within another site's page
 */
export function readChallenge(clientDataJson: string): string | undefined {
  try {
    const { challenge, crossOrigin, topOrigin } = decodeClientDataJSON(clientDataJson);
    const isFramed = crossOrigin === true || topOrigin !== undefined;
    return !isFramed && isChallenge(challenge) ? challenge : undefined;
  } catch {
    return undefined;
  }
}
