import { text } from 'node:stream/consumers';
import { InvalidArgumentError, type Command } from 'commander';
import { AdminAccountsService, type AdminAccount } from '../auth/admin-accounts.service.js';
import { isEmailAddress } from '../common/email-address-syntax.js';
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
    .description('make an admin')
    .requiredOption('--email <address>', 'address of the account', emailAddress)
    .option(
      '--existing',
      'make the account that exists under this address one, with a new password; its sessions end',
    )
    .option(...PASSWORD_STDIN)
    .action((options: AdminOptions & { existing?: true }) =>
      run(async (service) => {
        const password = await readPassword(options);
        const accounts = service.get(AdminAccountsService);
        if (options.existing)
          show(
            await accounts.raise(options.email, password),
            'is an admin with a new password; its sessions have ended',
          );
        else show(await accounts.create(options.email, password), 'is an admin');
      }),
    );
  program
    .command('admin:reset')
    .description('give an admin a new password, activate the account and end its sessions')
    .requiredOption('--email <address>', 'address of the account', emailAddress)
    .option('--mfa', 'take its second factors and passkeys away, too')
    .option(...PASSWORD_STDIN)
    .action((options: AdminOptions & { mfa?: true }) =>
      run(async (service) => {
        const password = await readPassword(options);
        show(
          await service.get(AdminAccountsService).reset(options.email, password, options.mfa ?? false),
          `has a new password${options.mfa ? ' and neither second factor nor passkey' : ''}; its sessions have ended`,
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
  if (!isEmailAddress(value)) throw new InvalidArgumentError('This is not an e-mail address.');
  return value;
}
