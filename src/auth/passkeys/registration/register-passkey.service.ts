import { Injectable } from '@nestjs/common';
import { generateRegistrationOptions, type RegistrationResponseJSON } from '@simplewebauthn/server';
import { AuditService } from '../../../audit/audit.service.js';
import type { Principal } from '../../../common/http/principal.js';
import { drawRandom } from '../../../crypto/draw-random.js';
import { requireRecentAuthentication } from '../../../users/require-recent-authentication.js';
import { MfaPolicy } from '../../mfa/mfa-policy.service.js';
import { SecurityNotices } from '../../notices/security-notices.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import {
  CHALLENGE_SECONDS,
  PasskeyChallengesRepository,
} from '../challenges/passkey-challenges.repository.js';
import { readChallenge } from '../challenges/read-challenge.js';
import { toPasskeyResponse, type PasskeyResponse } from '../passkey.response.dto.js';
import { PasskeyExistsError, PasskeyInvalidError, PasskeyLimitError } from '../passkeys.errors.js';
import { PasskeysRepository, type NewPasskey } from '../passkeys.repository.js';
import { RelyingParty } from '../relying-party.js';
import type { VerifyRegistrationRequest } from './registration.dto.js';
import type { RegistrationOptionsResponse } from './registration-options.response.dto.js';
import { UserHandlesService } from './user-handles.service.js';
import { ALGORITHMS, verifyRegistration } from './verify-registration.js';

const MAX_PASSKEYS = 20;
const CHALLENGE_BYTES = 32;
const DEFAULT_NAME = 'Passkey';

/** From somebody who is logged in to a passkey of theirs. */
@Injectable()
export class RegisterPasskeyService {
  constructor(
    private readonly passkeys: PasskeysRepository,
    private readonly challenges: PasskeyChallengesRepository,
    private readonly relyingParty: RelyingParty,
    private readonly userHandles: UserHandlesService,
    private readonly sessions: SessionsService,
    private readonly policy: MfaPolicy,
    private readonly notices: SecurityNotices,
    private readonly audit: AuditService,
  ) {}

  /**
   * What the caller's browser makes a passkey from. Good for five minutes, once, in this session.
   * @throws ReauthenticationRequiredError when the login is older than 15 minutes
   * @throws PasskeyLoginRequiredError
   * @throws PasskeyLimitError
   * @throws PasskeysUnavailableError
   */
  async offer(principal: Principal): Promise<RegistrationOptionsResponse> {
    requireRecentAuthentication(principal);
    await this.policy.requireProvenFactor(principal);
    this.relyingParty.requireName();
    const { userId, session, name, email, username } = principal;
    const registered = await this.passkeys.listCredentials(userId);
    if (registered.length >= MAX_PASSKEYS) throw new PasskeyLimitError(MAX_PASSKEYS);
    const challenge = drawRandom(CHALLENGE_BYTES);
    const options = await generateRegistrationOptions({
      rpName: this.relyingParty.name,
      rpID: this.relyingParty.id,
      userID: new Uint8Array(await this.userHandles.of(userId)),
      userName: username ?? email,
      userDisplayName: name,
      challenge: new Uint8Array(challenge),
      timeout: CHALLENGE_SECONDS * 1000,
      attestationType: 'none',
      excludeCredentials: registered.map(({ credentialId, transports }) => ({
        id: credentialId.toString('base64url'),
        transports,
      })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
    });
    await this.challenges.add({ challenge, purpose: 'registration', userId, sessionId: session.id });
    return options as RegistrationOptionsResponse;
  }

  /**
   * Keeps the passkey that came of it. That the login was recent is what its challenge shows.
   * @throws PasskeyInvalidError whatever is wrong with the answer; its challenge is used up
   * @throws PasskeyExistsError
   * @throws PasskeyLoginRequiredError
   * @throws PasskeyLimitError
   */
  async register(principal: Principal, request: VerifyRegistrationRequest): Promise<PasskeyResponse> {
    const { userId, session } = principal;
    const credential = request.credential as RegistrationResponseJSON;
    const challenge = readChallenge(credential.response.clientDataJSON);
    const isOwn =
      challenge !== undefined &&
      (await this.challenges.takeRegistration(Buffer.from(challenge, 'base64url'), userId, session.id));
    const key = isOwn ? await verifyRegistration(credential, challenge, this.relyingParty) : undefined;
    if (!key) throw new PasskeyInvalidError(this.relyingParty.origin);
    return this.keep(principal, {
      ...key,
      userId,
      transports: [...new Set(credential.response.transports)],
      name: request.name ?? DEFAULT_NAME,
    });
  }

  private keep(principal: Principal, passkey: NewPasskey): Promise<PasskeyResponse> {
    const { userId } = passkey;
    return this.passkeys.transaction(async (manager) => {
      await this.passkeys.lockOwner(manager, userId);
      await this.sessions.requireAlive(manager, principal);
      await this.policy.requireProvenFactor(principal, manager);
      if ((await this.passkeys.count(userId, manager)) >= MAX_PASSKEYS)
        throw new PasskeyLimitError(MAX_PASSKEYS);
      const added = await this.passkeys.addOnce(manager, passkey);
      if (!added) throw new PasskeyExistsError();
      await this.audit.record(
        'passkey_registered',
        { subjectId: userId, details: { passkey_id: added.id, backup_eligible: added.isBackupEligible } },
        manager,
      );
      await this.notices.announce({ kind: 'passkey_registered', userId }, manager);
      return toPasskeyResponse(added);
    });
  }
}
