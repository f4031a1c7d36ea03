import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { MailModule } from '../mail/mail.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountsService } from './accounts.service.js';
import { AdminAccountsService } from './admin-accounts.service.js';
import { AuthController } from './auth.controller.js';
import { AuthenticationGuard } from './authentication.guard.js';
import { CodeHashesService } from './codes/code-hashes.service.js';
import { OneTimeCode } from './codes/one-time-code.entity.js';
import { OneTimeCodesRepository } from './codes/one-time-codes.repository.js';
import { OneTimeCodesService } from './codes/one-time-codes.service.js';
import { ChangeEmailService } from './email/change-email.service.js';
import { EmailController } from './email/email.controller.js';
import { EmailRevert } from './email/email-revert.entity.js';
import { EmailRevertsRepository } from './email/email-reverts.repository.js';
import { RevertEmailService } from './email/revert-email.service.js';
import { RevertTokens } from './email/revert-tokens.service.js';
import { VerifyEmailService } from './email/verify-email.service.js';
import { ExportLoginsService } from './export-logins.service.js';
import { AdminLockoutsController } from './lockouts/admin-lockouts.controller.js';
import { KnownDevice } from './lockouts/known-device.entity.js';
import { KnownDevicesRepository } from './lockouts/known-devices.repository.js';
import { KnownDevicesService } from './lockouts/known-devices.service.js';
import { LockoutKeysService } from './lockouts/lockout-keys.js';
import { LockoutRules } from './lockouts/lockout-rules.js';
import { LockoutsRepository } from './lockouts/lockouts.repository.js';
import { LoginFailures } from './lockouts/login-failures.entity.js';
import { LockNotices } from './lockouts/lock-notices.service.js';
import { AttemptEnds } from './lockouts/attempt-ends.service.js';
import { LoginGate } from './lockouts/login-gate.service.js';
import { ProofGate } from './lockouts/proof-gate.service.js';
import { ReservationsService } from './lockouts/reservations.service.js';
import { UnlockService } from './lockouts/unlock.service.js';
import { LogInService } from './log-in.service.js';
import { LoginMethods } from './login-methods.service.js';
import { OAUTH } from './oauth/oauth.parts.js';
import { DisownLoginService } from './notices/not-me/disown-login.service.js';
import { NotMeLink } from './notices/not-me/not-me-link.entity.js';
import { NotMeLinksRepository } from './notices/not-me/not-me-links.repository.js';
import { NotMeLinks } from './notices/not-me/not-me-links.service.js';
import { NotMeController } from './notices/not-me/not-me.controller.js';
import { NoticeLetters } from './notices/notice-letters.service.js';
import { Places } from './notices/places.js';
import { RequestOrigin } from './notices/request-origin.js';
import { LoginOutcomes } from './login-outcomes.js';
import { AdminMfaController } from './mfa/admin-mfa.controller.js';
import { BackupCode } from './mfa/backup-codes/backup-code.entity.js';
import { BackupCodesRepository } from './mfa/backup-codes/backup-codes.repository.js';
import { BackupCodesService } from './mfa/backup-codes/backup-codes.service.js';
import { CompleteLoginService } from './mfa/complete-login.service.js';
import { ManageMfaService } from './mfa/manage-mfa.service.js';
import { MfaController } from './mfa/mfa.controller.js';
import { MfaToken } from './mfa/pending/mfa-token.entity.js';
import { MfaTokensRepository } from './mfa/pending/mfa-tokens.repository.js';
import { MfaTokensService } from './mfa/pending/mfa-tokens.service.js';
import { ProveAgainService } from './mfa/prove-again.service.js';
import { MfaPolicy } from './mfa/mfa-policy.service.js';
import { ResetMfaService } from './mfa/reset-mfa.service.js';
import { SecondFactorGuard } from './mfa/second-factor.guard.js';
import { SecondFactorService } from './mfa/second-factor.service.js';
import { StepUpController } from './mfa/step-up.controller.js';
import { StepUpService } from './mfa/step-up.service.js';
import { EnrolTotpService } from './mfa/totp/enrol-totp.service.js';
import { TotpSecretsService } from './mfa/totp/totp-secrets.service.js';
import { Totp } from './mfa/totp/totp.entity.js';
import { TotpRepository } from './mfa/totp/totp.repository.js';
import { TotpService } from './mfa/totp/totp.service.js';
import { SecurityNotices } from './notices/security-notices.js';
import { PasskeyChallenge } from './passkeys/challenges/passkey-challenge.entity.js';
import { PasskeyChallengesRepository } from './passkeys/challenges/passkey-challenges.repository.js';
import { DecoyCredentialsService } from './passkeys/login/decoy-credentials.service.js';
import { PasskeyLoginController } from './passkeys/login/passkey-login.controller.js';
import { PasskeyLoginService } from './passkeys/login/passkey-login.service.js';
import { WebPasskeyLoginController } from './passkeys/login/web-passkey-login.controller.js';
import { Passkey } from './passkeys/passkey.entity.js';
import { PasskeysController } from './passkeys/passkeys.controller.js';
import { PasskeysRepository } from './passkeys/passkeys.repository.js';
import { PasskeysService } from './passkeys/passkeys.service.js';
import { RegisterPasskeyService } from './passkeys/registration/register-passkey.service.js';
import { UserHandlesService } from './passkeys/registration/user-handles.service.js';
import { RelyingParty } from './passkeys/relying-party.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { ConfirmResetService } from './recovery/confirm-reset.service.js';
import { PasswordResetController } from './recovery/password-reset.controller.js';
import { RecoverySweep } from './recovery/recovery-sweep.service.js';
import { RequestResetService } from './recovery/request-reset.service.js';
import { ResetSubjects } from './recovery/reset-subjects.service.js';
import { AdminInvitationsController } from './registration/admin-invitations.controller.js';
import { Invitation } from './registration/invitation.entity.js';
import { InvitationSweep } from './registration/invitation-sweep.service.js';
import { InvitationTokensService } from './registration/invitation-tokens.service.js';
import { InvitationsRepository } from './registration/invitations.repository.js';
import { InvitationsService } from './registration/invitations.service.js';
import { RegistrationPolicy } from './registration/registration-policy.js';
import { RegistrationService } from './registration/registration.service.js';
import { RolesGuard } from './roles.guard.js';
import { OwnSessionsRepository } from './sessions/own-sessions.repository.js';
import { RefreshToken } from './sessions/refresh-token.entity.js';
import { Session } from './sessions/session.entity.js';
import { RefreshTokensRepository } from './sessions/refresh-tokens.repository.js';
import { SessionActivity } from './sessions/session-activity.service.js';
import { SessionSweepRepository } from './sessions/session-sweep.repository.js';
import { SessionSweep } from './sessions/session-sweep.service.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { SessionsRepository } from './sessions/sessions.repository.js';
import { SessionsService } from './sessions/sessions.service.js';
import { AccessTokensService } from './tokens/access-tokens.service.js';
import { ApiLimit } from './throttling/api-limit.js';
import { RefreshTokensService } from './tokens/refresh-tokens.service.js';
import { RequestTokens } from './tokens/request-tokens.js';
import { CsrfTokensService } from './web/csrf-tokens.service.js';
import { WebAuthController } from './web/web-auth.controller.js';
import { WebAuthService } from './web/web-auth.service.js';

@Module({
  imports: [
    KeysModule,
    AuditModule,
    MailModule,
    UsersModule,
    TypeOrmModule.forFeature([
      Session,
      RefreshToken,
      LoginFailures,
      KnownDevice,
      Invitation,
      OneTimeCode,
      EmailRevert,
      Totp,
      BackupCode,
      MfaToken,
      NotMeLink,
      Passkey,
      PasskeyChallenge,
      ...OAUTH.entities,
    ]),
  ],
  controllers: [
    AuthController,
    SessionsController,
    AdminLockoutsController,
    AdminInvitationsController,
    WebAuthController,
    NotMeController,
    PasswordResetController,
    EmailController,
    MfaController,
    StepUpController,
    AdminMfaController,
    PasskeysController,
    PasskeyLoginController,
    WebPasskeyLoginController,
    ...OAUTH.controllers,
  ],
  providers: [
    AccountsService,
    AdminAccountsService,
    LogInService,
    LoginOutcomes,
    LoginMethods,
    SecondFactorService,
    TotpRepository,
    TotpSecretsService,
    TotpService,
    EnrolTotpService,
    BackupCodesRepository,
    BackupCodesService,
    MfaTokensRepository,
    MfaTokensService,
    CompleteLoginService,
    ProveAgainService,
    StepUpService,
    ManageMfaService,
    MfaPolicy,
    ResetMfaService,
    RegistrationService,
    RegistrationPolicy,
    InvitationsService,
    InvitationsRepository,
    InvitationTokensService,
    InvitationSweep,
    LockNotices,
    LoginGate,
    ProofGate,
    AttemptEnds,
    LockoutKeysService,
    LockoutRules,
    LockoutsRepository,
    ReservationsService,
    KnownDevicesRepository,
    KnownDevicesService,
    UnlockService,
    OneTimeCodesService,
    OneTimeCodesRepository,
    CodeHashesService,
    RequestResetService,
    ConfirmResetService,
    ResetSubjects,
    RecoverySweep,
    VerifyEmailService,
    ChangeEmailService,
    RevertEmailService,
    RevertTokens,
    EmailRevertsRepository,
    PasswordHasher,
    PasswordPolicy,
    SecurityNotices,
    NoticeLetters,
    Places,
    RequestOrigin,
    NotMeLinks,
    NotMeLinksRepository,
    DisownLoginService,
    SessionsRepository,
    OwnSessionsRepository,
    ExportLoginsService,
    RefreshTokensRepository,
    SessionsService,
    SessionActivity,
    SessionSweepRepository,
    SessionSweep,
    AccessTokensService,
    RequestTokens,
    ApiLimit,
    RefreshTokensService,
    CsrfTokensService,
    WebAuthService,
    PasskeysService,
    PasskeysRepository,
    PasskeyChallengesRepository,
    PasskeyLoginService,
    RegisterPasskeyService,
    RelyingParty,
    UserHandlesService,
    DecoyCredentialsService,
    ...OAUTH.providers,
    // In this order: who is it, have they shown enough, then may they.
    { provide: APP_GUARD, useClass: AuthenticationGuard },
    { provide: APP_GUARD, useClass: SecondFactorGuard },
    { provide: APP_GUARD, useClass: RolesGuard },
  ],
  exports: [AccountsService, AdminAccountsService, PasswordHasher, SecurityNotices],
})
export class AuthModule {}
