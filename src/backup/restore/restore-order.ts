import type { DatabaseUrls, ProgramFolders } from '../../config/app-config.js';
import type { KeyRing } from '../../crypto/key-ring.js';
import type { BackupFile } from '../archive/backup-files.js';

export interface RestoreOrder {
  readonly backup: BackupFile;
  /** Where the safety dump goes, and where the ledger of deletions is. */
  readonly backupDir: string;
  readonly urls: DatabaseUrls;
  readonly programs: ProgramFolders;
  /** Where the database's files lie, if that is on this machine. */
  readonly databaseFolder: string | undefined;
  /** Must open the canaries of the backup. */
  readonly ring: KeyRing;
  readonly withoutSafetyDump: boolean;
  readonly acceptLostVotes: boolean;
  /** Asked before anything is touched. @param database its name @returns whether to go on */
  readonly confirm: (database: string) => Promise<boolean>;
  /** Ends the restore and undoes it, until names are swapped. */
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
  readonly now: () => Date;
}

export interface RestoreOutcome {
  /** The name under which the former database is kept. */
  readonly setAside: string;
  /** undefined: they could not be counted. */
  readonly lostVotes: number | undefined;
}
