import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { AuditService } from '../audit/audit.service.js';
import { ChainVerifier, type ChainReport, type KnownHead } from '../audit/chain/chain-verifier.service.js';
import { AuditExportService } from '../audit/log/audit-export.service.js';
import { listOwnBackupFiles } from '../backup/archive/backup-files.js';
import { withConnection } from '../backup/databases/connect.js';
import { readServiceIdentity } from '../backup/databases/service-identity.js';
import { parseMoment } from '../common/parse-moment.js';
import { AppConfig } from '../config/app-config.js';
import { answer, type RunWithService } from './with-service.js';

interface ExportOptions {
  from?: Date;
  to?: Date;
}

/** One or more `number:head`, as audit:verify and the service's own log print them. */
const HEAD = /^([1-9]\d{0,15}):([0-9a-f]{64})$/;

export function addAuditCommands(program: Command, run: RunWithService): void {
  program
    .command('audit:verify')
    .description(
      'compute the chain of the audit log again; ends with 1 and the first broken batch when it is broken',
    )
    .option(
      '--head <number:head...>',
      'a head that was noted earlier and that the chain must go through; can be given several times',
      collectHead,
      [],
    )
    .option('--against-backups', 'the chain must go through the heads that the backups in BACKUP_DIR noted')
    .action(({ head, againstBackups }: { head: KnownHead[]; againstBackups?: true }) =>
      run(async (service) => {
        const noted = againstBackups ? await headsOfBackups(service.get(AppConfig)) : [];
        const report = await service.get(ChainVerifier).verify([...head, ...noted]);
        await service.get(AuditService).record('audit_verified', {
          details: { is_intact: report.isIntact, head: report.head?.number ?? 0 },
        });
        show(report);
        if (!report.isIntact) process.exitCode = 1;
      }),
    );
  program
    .command('audit:export')
    .description('write the audit log to standard output as JSON lines, in whole batches with their seals')
    .option('--from <moment>', 'only batches with entries from this moment on, such as 2026-01-05', moment)
    .option('--to <moment>', 'only batches with entries before this moment', moment)
    .action(({ from, to }: ExportOptions) =>
      run(async (service) => {
        await service.get(AuditService).record('audit_exported', {
          details: { from: from?.toISOString() ?? null, to: to?.toISOString() ?? null },
        });
        const lines = service.get(AuditExportService).lines({ from, before: to });
        await pipeline(Readable.from(lines), process.stdout, { end: false });
      }),
    );
}

async function headsOfBackups({ backup, database }: AppConfig): Promise<KnownHead[]> {
  const installation = await withConnection(database.direct, readServiceIdentity);
  const backups = await listOwnBackupFiles(backup.dir, installation);
  return backups.flatMap(({ manifest }) => manifest.audit_head ?? []);
}

function show({ isIntact, broken, seals, entries, unsealed, head, anchor, keyIds }: ChainReport): void {
  if (anchor) answer(`Entries up to seal ${anchor.number} (${anchor.sealedAt}) were deleted as old.`);
  if (broken) answer(`BROKEN at seal ${broken.seal} (${broken.reason}): ${broken.detail}`);
  answer(
    isIntact
      ? `Intact: ${seals} seals, ${entries} entries; ${unsealed} more wait for their seal.`
      : `Before it, ${seals} seals are as they were made.`,
  );
  if (keyIds.length > 0) answer(`Keys of LOG_SIGNING_KEY in use: ${keyIds.join(', ')}`);
  if (isIntact && head) answer(`Head ${head.number}:${head.head} of ${head.sealedAt}. Keep it elsewhere.`);
}

function collectHead(value: string, before: KnownHead[]): KnownHead[] {
  const [, number, head] = HEAD.exec(value) ?? [];
  if (number === undefined || head === undefined)
    throw new InvalidArgumentError('This is not a number, a colon and 64 hexadecimal digits.');
  return [...before, { number: Number(number), head }];
}

function moment(value: string): Date {
  const parsed = parseMoment(value);
  if (!parsed) throw new InvalidArgumentError('This is not a moment such as 2026-01-05T09:00:00Z.');
  return parsed;
}
