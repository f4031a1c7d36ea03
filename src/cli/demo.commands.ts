import type { Command } from 'commander';
import { findOpenDemoAccounts } from '../demo/demo-accounts.js';
import { AdminUsersService } from '../users/admin-users.service.js';
import { answer, type RunWithService } from './with-service.js';

export function addDemoCommands(program: Command, run: RunWithService): void {
  program
    .command('demo:close')
    .description('disable the accounts that still have the password of the public demo')
    .action(() =>
      run(async (service) => {
        const open = await findOpenDemoAccounts(service);
        for (const { id, email } of open) {
          await service.get(AdminUsersService).update(id, { is_active: false });
          answer(`${email} is disabled; its sessions have ended.`);
        }
        if (open.length === 0) answer('No account has the password of the public demo.');
      }),
    );
}
