import type { INestApplicationContext } from '@nestjs/common';
import { AccountsService } from '../auth/accounts.service.js';
import { AdminAccountsService } from '../auth/admin-accounts.service.js';
import { NotesService } from '../notes/notes.service.js';
import { UserExistsError } from '../users/users.errors.js';
import { UsersService } from '../users/users.service.js';
import { CandidatesService } from '../voting/candidates/candidates.service.js';
import { CandidateExistsError, CandidateIdTakenError } from '../voting/voting.errors.js';
import { DEMO_ADMIN, DEMO_PASSWORD, DEMO_VOTERS, findOpenDemoAccounts } from './demo-accounts.js';

const CANDIDATES = [
  { name: 'Alex Demo', party: 'Lighthouse' },
  { name: 'Robin Demo', party: 'Harbour' },
  { name: 'Sam Demo', party: 'independent' },
];

const THERE_ALREADY = [UserExistsError, CandidateExistsError, CandidateIdTakenError];

/**
 * Accounts, candidates and notes to try the service with. Their password is public, so parseEnv refuses
 * SEED_DEMO_ACCOUNTS in production. What is there already stays as it is, and what cannot be made is told and no reason
 * not to start.
 * @returns lines for the banner
 */
export async function seedDemo(service: INestApplicationContext): Promise<string[]> {
  const items: [what: string, make: () => Promise<unknown>][] = [
    [DEMO_ADMIN, () => makeAdmin(service)],
    ...CANDIDATES.map((candidate): [string, () => Promise<unknown>] => [
      candidate.name,
      () => service.get(CandidatesService).create(candidate),
    ]),
    ...DEMO_VOTERS.map((voter): [string, () => Promise<unknown>] => [
      voter.email,
      () => makeVoter(service, voter),
    ]),
  ];
  const notes: string[] = [];
  for (const [what, make] of items) {
    try {
      await make();
    } catch (error) {
      if (!THERE_ALREADY.some((known) => error instanceof known))
        notes.push(`The demo's ${what} could not be made: ${String(error)}`);
    }
  }
  const open = await findOpenDemoAccounts(service);
  const who = open.map(({ email }) => email).join(', ');
  return open.length === 0 ? notes : [`Demo accounts: ${who}; password: ${DEMO_PASSWORD}`, ...notes];
}

async function makeAdmin(service: INestApplicationContext): Promise<void> {
  // Somebody else's account under this address would become an admin.
  if (await service.get(UsersService).findByEmail(DEMO_ADMIN)) return;
  await service.get(AdminAccountsService).create(DEMO_ADMIN, DEMO_PASSWORD);
}

async function makeVoter(
  service: INestApplicationContext,
  voter: (typeof DEMO_VOTERS)[number],
): Promise<void> {
  const { id } = await service.get(AccountsService).make({ ...voter, password: DEMO_PASSWORD });
  const notes = service.get(NotesService);
  await notes.create(id, {
    title: 'Welcome',
    content: 'This note is sealed under the key of the service.',
    tags: ['demo'],
  });
  await notes.create(id, {
    title: 'For my eyes only',
    content: 'This note is sealed under its own password, which is the demo password.',
    personal_encryption: true,
    password: DEMO_PASSWORD,
    tags: ['demo', 'personal'],
  });
}
