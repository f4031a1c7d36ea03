import type { Command } from 'commander';
import { KeysService } from '../keys/keys.service.js';
import { answer, report, type RunWithService } from './with-service.js';

export function addKeyCommands(program: Command, run: RunWithService): void {
  program
    .command('keys:rotate')
    .description(
      'wrap every stored key under the first key of APP_ENCRYPTION_KEY; can be stopped and run again',
    )
    .action(() =>
      run(async (service) => {
        const keys = service.get(KeysService);
        const totals = await keys.rotate((what, done) => {
          report(`${what}: ${done} rewrapped …`);
        });
        for (const [what, done] of Object.entries(totals))
          answer(`${what}: ${done} rewrapped under "${keys.ring.current.id}".`);
        answer(
          'Once every process runs with the new key first, the older keys can leave APP_ENCRYPTION_KEY.',
        );
      }),
    );
}
