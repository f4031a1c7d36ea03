import { Readable } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { AuditService } from '../../audit/audit.service.js';
import { Clock } from '../../common/clock.js';
import { UnauthenticatedError } from '../../common/errors/common.errors.js';
import type { Principal } from '../../common/http/principal.js';
import { requireRecentAuthentication } from '../require-recent-authentication.js';
import { UsersRepository } from '../users.repository.js';
import { AccountExport } from './account-export.js';
import { toExportedAccount, type ExportedAccountResponse } from './account-export.response.dto.js';
import { ExportTooSlowError } from './export-too-slow-error.js';
import { ExportsRunning } from './exports-running.js';
import { writeExport } from './write-export.js';

const FORMAT = 'mc101/account-export/v1';

/**
 * How long an export may take in all. A deadline, and not a least rate: what a reader takes lies with them, and so does
 * what there is to take, as notes that are written meanwhile are exported too. Whoever kept just above a rate could
 * hold a place for good; nobody outlasts a deadline. A hundred megabytes need 170 kB/s.
 */
const MAX_DURATION_MS = 600_000;

/** Everything that the service keeps of somebody, for that person. */
@Injectable()
export class ExportAccountService {
  private readonly logger = new Logger('users');
  private readonly running = new ExportsRunning();

  constructor(
    private readonly users: UsersRepository,
    private readonly accountExport: AccountExport,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins an export. Each section is read when it is its turn, in pages: whoever reads slowly holds no transaction and
   * no connection, so what changes meanwhile may be in it or not.
   * @returns JSON in pieces; ends with an error where something cannot be read or it was not taken within ten minutes,
   * so that no part passes for the whole
   * @throws ReauthenticationRequiredError when the login is older than 15 minutes: sealed notes come along, and with
   * them any number of guesses at their passwords
   * @throws ExportRunningError
   * @throws BusyError
   */
  async begin(principal: Principal): Promise<Readable> {
    requireRecentAuthentication(principal);
    const { userId, voterKey } = principal;
    const end = this.running.begin(userId);
    try {
      await this.audit.record('sensitive_read', { subjectId: userId, details: { what: 'account_export' } });
      const head = {
        format: FORMAT,
        exported_at: this.clock.now(),
        account: await this.describe(userId),
      };
      const pieces = writeExport(head, this.accountExport.sections, { userId, voterKey });
      const stream = Readable.from(this.telling(pieces, userId));
      const deadline = setTimeout(() => stream.destroy(new ExportTooSlowError()), MAX_DURATION_MS).unref();
      return stream.once('close', () => {
        clearTimeout(deadline);
        end();
      });
    } catch (error) {
      end();
      throw error;
    }
  }

  private async describe(userId: number): Promise<ExportedAccountResponse> {
    const user = await this.users.findById(userId);
    if (!user) throw new UnauthenticatedError();
    return toExportedAccount(user);
  }

  /** The answer has begun by then, and can say nothing more. */
  private async *telling(pieces: AsyncGenerator<string>, userId: number): AsyncGenerator<string> {
    try {
      yield* pieces;
    } catch (error) {
      this.logger.error({ event_type: 'export_broken_off', err: error, user: userId }, 'an export broke off');
      throw error;
    }
  }
}
