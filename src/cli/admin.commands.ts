import { text } from 'node:stream/consumers';
import { InvalidArgumentError, type Command } from 'commander';
import { isEmail } from 'class-validator';
import { AdminAccountsService, type AdminAccount } from '../auth/admin-accounts.service.js';
import { answer, type RunWithService } from './with-service.js';

interface AdminOptions {
  email: string;
  passwordStdin?: true;
}

const PASSWORD_STDIN = [
  '--password-stdin',
  'read the password from standard input instead of drawing one',
] as const;

export function addAdminCommands(program: Command, run: RunWithService): void {
  program
    .command('admin:create')
    .description('make an admin; an account that exists under this address becomes one')
    .requiredOption('--email <address>', 'address of the account', emailAddress)
    .option(...PASSWORD_STDIN)
    .action((options: AdminOptions) =>
      run(async (service) => {
        const password = await readPassword(options);
        const admin = await service.get(AdminAccountsService).create(options.email, password);
        show(
          admin,
          admin.isNew ? 'is an admin' : 'is an admin and keeps its password; admin:reset sets another',
        );
      }),
    );
  program
    .command('admin:reset')
    .description('give an admin a new password, activate the account and end its sessions')
    .requiredOption('--email <address>', 'address of the account', emailAddress)
    .option(...PASSWORD_STDIN)
    .action((options: AdminOptions) =>
      run(async (service) => {
        const password = await readPassword(options);
        show(
          await service.get(AdminAccountsService).reset(options.email, password),
          'has a new password; its sessions have ended',
        );
      }),
    );
}

function show({ email, generatedPassword }: AdminAccount, state: string): void {
  answer(`${email} ${state}.`);
  if (generatedPassword !== undefined) answer(`Password: ${generatedPassword}   (shown once)`);
}

/** On the command line it would stand in the process list and the shell's history. */
async function readPassword({ passwordStdin }: AdminOptions): Promise<string | undefined> {
  return passwordStdin ? (await text(process.stdin)).replace(/\r?\n$/, '') : undefined;
}

function emailAddress(value: string): string {
  if (!isEmail(value, { allow_utf8_local_part: true }))
    throw new InvalidArgumentError('This is not an e-mail address.');
  return value;
}
