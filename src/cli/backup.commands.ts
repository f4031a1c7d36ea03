import type { Command } from 'commander';
import { BackupsService } from '../backup/backups.service.js';
import { BackupRunningError } from '../backup/backup.errors.js';
import { answer, report, type RunWithService } from './with-service.js';

export function addBackupCommands(program: Command, run: RunWithService): void {
  program
    .command('backup:run')
    .description('make a backup now and prove it')
    .action(() =>
      run(async (service) => {
        const made = await service.get(BackupsService).run({ reason: 'manual', onStep: report });
        if (!made) throw new BackupRunningError();
        const { bytes, verification, note } = made.manifest;
        answer(
          `${made.file}: ${bytes} bytes, ${verification === 'restore' ? 'restored and compared' : 'read through'}.`,
        );
        if (note !== undefined) answer(note);
      }),
    );
}
