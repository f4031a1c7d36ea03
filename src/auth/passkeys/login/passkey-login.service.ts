import { Injectable } from '@nestjs/common';
import { generateAuthenticationOptions, type AuthenticationResponseJSON } from '@simplewebauthn/server';
import { AuditService } from '../../../audit/audit.service.js';
import { drawRandom } from '../../../crypto/draw-random.js';
import { UsersService } from '../../../users/users.service.js';
import { InvalidCredentialsError } from '../../auth.errors.js';
import type { ClientInfo } from '../../client-info.decorator.js';
import type { Admission, FailureReason } from '../../lockouts/admission.js';
import type { BegunLogin } from '../../lockouts/known-devices.service.js';
import { LoginGate } from '../../lockouts/login-gate.service.js';
import { LoginOutcomes } from '../../login-outcomes.js';
import { SecurityNotices } from '../../notices/security-notices.js';
import type { LogIn } from '../../sessions/session-tokens.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import {
  CHALLENGE_SECONDS,
  PasskeyChallengesRepository,
  type LoginChallenge,
} from '../challenges/passkey-challenges.repository.js';
import { readChallenge } from '../challenges/read-challenge.js';
import { PasskeyRefusedError } from '../passkeys.errors.js';
import { PasskeysRepository, type PasskeyUse, type PasskeyWithOwner } from '../passkeys.repository.js';
import { UserHandlesService } from '../registration/user-handles.service.js';
import { RelyingParty } from '../relying-party.js';
import { DecoyCredentialsService } from './decoy-credentials.service.js';
import type { LoginOptionsResponse } from './login-options.response.dto.js';
import { NOBODYS_PASSKEY } from './nobodys-passkey.js';
import type { PasskeyLoginOptionsRequest, PasskeyLoginRequest } from './passkey-login.dto.js';
import { verifyAssertion } from './verify-assertion.js';

const CHALLENGE_BYTES = 32;

/** What was shown by a signature that is right. */
interface Proof extends PasskeyUse {
  passkey: PasskeyWithOwner;
}

/** From a passkey to a session. It was shown with finger or PIN, so that no second factor is asked for. */
@Injectable()
export class PasskeyLoginService {
  constructor(
    private readonly users: UsersService,
    private readonly passkeys: PasskeysRepository,
    private readonly challenges: PasskeyChallengesRepository,
    private readonly relyingParty: RelyingParty,
    private readonly userHandles: UserHandlesService,
    private readonly decoys: DecoyCredentialsService,
    private readonly gate: LoginGate,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
    private readonly notices: SecurityNotices,
    private readonly outcomes: LoginOutcomes,
  ) {}

  /**
   * What a browser has to sign. With a name, also which passkeys may: those of the account, or some that nobody has.
   * @throws PasskeysUnavailableError
   */
  async offer({ email, username }: PasskeyLoginOptionsRequest): Promise<LoginOptionsResponse> {
    this.relyingParty.requireName();
    const identifier = email ?? username;
    const userId = identifier === undefined ? undefined : (await this.users.findCredentials(identifier))?.id;
    const decoys = identifier === undefined ? [] : this.decoys.for(identifier);
    const own = identifier === undefined ? [] : await this.passkeys.listCredentials(userId);
    const challenge = drawRandom(CHALLENGE_BYTES);
    const { challenge: text } = await generateAuthenticationOptions({
      rpID: this.relyingParty.id,
      challenge: new Uint8Array(challenge),
    });
    const purpose = identifier === undefined ? 'nameless-login' : 'named-login';
    await this.challenges.add({ challenge, purpose, userId: userId ?? null, sessionId: null });
    return {
      challenge: text,
      rpId: this.relyingParty.id,
      timeout: CHALLENGE_SECONDS * 1000,
      allowCredentials: (own.length > 0 ? own : decoys).map(({ credentialId }) => ({
        id: credentialId.toString('base64url'),
        type: 'public-key',
      })),
      userVerification: 'required',
    };
  }

  /**
   * Begins a session. Whatever was wrong is answered the same.
   * @throws PasskeyRefusedError
   * @throws LockedOutError when too many logins failed at this address
   * @throws TooManyFailuresError
   */
  logIn(request: PasskeyLoginRequest, client: ClientInfo): Promise<LogIn> {
    return this.outcomes.count(this.attempt(request.credential as AuthenticationResponseJSON, client));
  }

  private async attempt(credential: AuthenticationResponseJSON, client: ClientInfo): Promise<LogIn> {
    const passkey = await this.passkeys.findByCredential(Buffer.from(credential.id, 'base64url'));
    const admission = await this.gate.enterWithPasskey({ userId: passkey?.userId, client });
    try {
      const proof = await this.prove(credential, passkey);
      if (typeof proof === 'string') return await refuse(admission, proof);
      return (
        (await this.begin(proof, client, admission)) ?? (await this.refuseCopy(proof.passkey, admission))
      );
    } catch (error) {
      await admission.withdrawn();
      // Disabled between being looked up and being locked.
      throw error instanceof InvalidCredentialsError ? new PasskeyRefusedError() : error;
    }
  }

  /** @returns why not, or what was shown; the challenge is used up either way */
  private async prove(
    credential: AuthenticationResponseJSON,
    passkey: PasskeyWithOwner | undefined,
  ): Promise<Proof | FailureReason> {
    const challenge = readChallenge(credential.response.clientDataJSON);
    const taken = challenge && (await this.challenges.takeLogin(Buffer.from(challenge, 'base64url')));
    const known = passkey ?? NOBODYS_PASSKEY;
    const handle = (await this.userHandles.of(known.userId)).toString('base64url');
    const use = taken ? await verifyAssertion(credential, challenge, known, this.relyingParty) : undefined;
    if (!passkey) return 'unknown_passkey';
    if (!taken || !use || !isAskedOf(passkey, taken, credential.response.userHandle, handle))
      return 'invalid_passkey';
    return passkey.isActive ? { ...use, passkey } : 'disabled';
  }

  /** @returns undefined when the counter went back, or the passkey was removed meanwhile */
  private begin(
    { passkey, ...use }: Proof,
    client: ClientInfo,
    admission: Admission<string, BegunLogin>,
  ): Promise<LogIn | undefined> {
    const { id, userId } = passkey;
    return this.passkeys.transaction(async (manager) => {
      // The account before its passkey, as whoever removes one does.
      await this.passkeys.lockOwner(manager, userId);
      if (!(await this.passkeys.useOnce(manager, id, use))) return undefined;
      const tokens = await this.sessions.begin(manager, { userId, method: 'passkey' }, client);
      return { ...tokens, deviceToken: await admission.succeeded(manager, tokens) };
    });
  }

  private async refuseCopy(
    { id: passkeyId, userId }: PasskeyWithOwner,
    admission: Admission<string, BegunLogin>,
  ): Promise<never> {
    const isGone = await this.passkeys.transaction(async (manager) => {
      await this.passkeys.lockOwner(manager, userId);
      const isNews = await this.passkeys.suspectClone(manager, passkeyId);
      if (isNews === undefined) return true;
      await this.audit.record(
        'passkey_clone_suspected',
        { subjectId: userId, details: { passkey_id: passkeyId } },
        manager,
      );
      if (isNews) await this.notices.announce({ kind: 'passkey_clone_suspected', userId }, manager);
      return false;
    });
    return refuse(admission, isGone ? 'unknown_passkey' : 'copied_passkey');
  }
}

/** Whether this passkey may answer, and says whose it is; with a name it need not say. */
function isAskedOf(
  { userId }: PasskeyWithOwner,
  challenge: LoginChallenge,
  userHandle: string | null | undefined,
  expectedHandle: string,
): boolean {
  const isNamed = challenge.purpose === 'named-login';
  if (isNamed && challenge.userId !== userId) return false;
  return (userHandle ?? (isNamed ? expectedHandle : undefined)) === expectedHandle;
}

async function refuse(admission: Admission<string, BegunLogin>, reason: FailureReason): Promise<never> {
  await admission.failed(reason);
  throw new PasskeyRefusedError();
}
