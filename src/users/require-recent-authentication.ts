import type { Principal } from '../common/http/principal.js';
import { ReauthenticationRequiredError } from './users.errors.js';

const REAUTHENTICATION_SECONDS = 15 * 60;

/** For what a stolen session alone must not do. @throws ReauthenticationRequiredError after 15 minutes */
export function requireRecentAuthentication({ session }: Principal): void {
  if (session.authenticatedSecondsAgo > REAUTHENTICATION_SECONDS) throw new ReauthenticationRequiredError();
}
