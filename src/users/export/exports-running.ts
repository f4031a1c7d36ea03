import { BusyError } from '../../common/errors/common.errors.js';
import { ExportRunningError } from '../users.errors.js';

/** Each opens every note of somebody; more at once would be felt by everybody else. */
const MAX_RUNNING = 4;
const RETRY_AFTER_SECONDS = 10;

/** Lets each account run one export at a time in this process, and only a few of them at once. */
export class ExportsRunning {
  private readonly accounts = new Set<number>();

  /**
   * @returns how to say that it has ended
   * @throws ExportRunningError when one of this account is running
   * @throws BusyError when too many are
   */
  begin(userId: number): () => void {
    if (this.accounts.has(userId)) throw new ExportRunningError();
    if (this.accounts.size >= MAX_RUNNING) throw new BusyError(RETRY_AFTER_SECONDS);
    this.accounts.add(userId);
    return () => {
      this.accounts.delete(userId);
    };
  }
}
