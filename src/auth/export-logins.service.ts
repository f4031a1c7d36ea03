import { Injectable } from '@nestjs/common';
import { AccountExport } from '../users/export/account-export.js';
import { readInPages } from '../users/export/read-in-pages.js';
import { EmailRevertsRepository, type ListedEmailRevert } from './email/email-reverts.repository.js';
import { KnownDevicesRepository, type OwnDevice } from './lockouts/known-devices.repository.js';
import { describeDevice } from './notices/device.js';
import { Places } from './notices/places.js';
import { TotpService, type OwnTotp } from './mfa/totp/totp.service.js';
import { IdentitiesRepository, type OwnIdentityRow } from './oauth/identities/identities.repository.js';
import { toIdentityResponse, type IdentityResponse } from './oauth/identities/identity.response.dto.js';
import { toPasskeyResponse, type PasskeyResponse } from './passkeys/passkey.response.dto.js';
import { PasskeysRepository, type PasskeyRow } from './passkeys/passkeys.repository.js';
import { toExportedInvitation, type ExportedInvitation } from './registration/invitation.response.dto.js';
import { InvitationsRepository, type InvitationRow } from './registration/invitations.repository.js';
import { OwnSessionsRepository, type OwnSessionRow } from './sessions/own-sessions.repository.js';

interface ExportedFormerAddress {
  id: number;
  email: string;
  created_at: Date;
  expires_at: Date;
}

/** With what the provider calls its owner: nobody else is told. */
type ExportedIdentity = IdentityResponse & { subject: string };

/** What this folder keeps of somebody, for that person's export. */
@Injectable()
export class ExportLoginsService {
  constructor(
    private readonly sessions: OwnSessionsRepository,
    private readonly devices: KnownDevicesRepository,
    private readonly invitations: InvitationsRepository,
    private readonly places: Places,
    private readonly reverts: EmailRevertsRepository,
    private readonly totp: TotpService,
    private readonly passkeys: PasskeysRepository,
    private readonly identities: IdentitiesRepository,
    accountExport: AccountExport,
  ) {
    accountExport.add({ name: 'sessions', items: ({ userId }) => this.readSessions(userId) });
    accountExport.add({ name: 'known_devices', items: ({ userId }) => this.readDevices(userId) });
    accountExport.add({ name: 'former_addresses', items: ({ userId }) => this.readFormerAddresses(userId) });
    accountExport.add({ name: 'second_factors', items: ({ userId }) => this.readSecondFactors(userId) });
    accountExport.add({ name: 'passkeys', items: ({ userId }) => this.readPasskeys(userId) });
    accountExport.add({ name: 'identities', items: ({ userId }) => this.readIdentities(userId) });
    accountExport.add({ name: 'invitations', items: ({ userId }) => this.readInvitations(userId) });
  }

  private async *readSessions(
    userId: number,
  ): AsyncGenerator<OwnSessionRow & { device: string | null; place: string | null }> {
    const rows = readInPages((last: OwnSessionRow | undefined, limit) =>
      this.sessions.listOf(userId, last?.id, limit),
    );
    for await (const row of rows)
      yield {
        ...row,
        device: describeDevice(row.user_agent) ?? null,
        place: (await this.places.find(row.ip)) ?? null,
      };
  }

  private async *readDevices(userId: number): AsyncGenerator<OwnDevice> {
    yield* await this.devices.listOf(userId);
  }

  private async *readFormerAddresses(userId: number): AsyncGenerator<ExportedFormerAddress> {
    const rows = readInPages((last: ListedEmailRevert | undefined, limit) =>
      this.reverts.listOf(userId, last?.id ?? 0, limit),
    );
    for await (const { id, email, createdAt, expiresAt } of rows)
      yield { id, email, created_at: createdAt, expires_at: expiresAt };
  }

  private async *readSecondFactors(userId: number): AsyncGenerator<OwnTotp> {
    const totp = await this.totp.describe(userId);
    if (totp) yield totp;
  }

  private async *readPasskeys(userId: number): AsyncGenerator<PasskeyResponse> {
    const rows = readInPages((last: PasskeyRow | undefined, limit) =>
      this.passkeys.listOf(userId, last?.id ?? 0, limit),
    );
    for await (const row of rows) yield toPasskeyResponse(row);
  }

  private async *readIdentities(userId: number): AsyncGenerator<ExportedIdentity> {
    const rows = readInPages((last: OwnIdentityRow | undefined, limit) =>
      this.identities.listWithSubjects(userId, last?.id ?? 0, limit),
    );
    for await (const row of rows) yield Object.assign(toIdentityResponse(row), { subject: row.subject });
  }

  private async *readInvitations(userId: number): AsyncGenerator<ExportedInvitation> {
    const rows = readInPages((last: InvitationRow | undefined, limit) =>
      this.invitations.listOf(userId, last?.id ?? 0, limit),
    );
    for await (const row of rows) yield toExportedInvitation(row, userId);
  }
}
