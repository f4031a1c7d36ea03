import type { INestApplicationContext } from '@nestjs/common';
import { AdminAccountsService } from '../auth/admin-accounts.service.js';
import { AccountsService } from '../auth/accounts.service.js';
import { NotesService } from '../notes/notes.service.js';
import { UsersService } from '../users/users.service.js';
import { CandidatesService } from '../voting/candidates/candidates.service.js';

const PASSWORD = 'demo otters sail at noon';
const ADMIN = 'demo-admin@example.com';
const VOTERS = [
  { name: 'Ada Demo', email: 'ada@example.com', username: 'ada' },
  { name: 'Grace Demo', email: 'grace@example.com', username: 'grace' },
];
const CANDIDATES = [
  { name: 'Alex Demo', party: 'Lighthouse' },
  { name: 'Robin Demo', party: 'Harbour' },
  { name: 'Sam Demo', party: 'independent' },
];

/**
 * Accounts, candidates and notes to try the service with. Their password is in this file, so parseEnv refuses
 * SEED_DEMO_ACCOUNTS in production. What is there already stays as it is.
 * @returns lines for the banner
 */
export async function seedDemo(service: INestApplicationContext): Promise<string[]> {
  const users = service.get(UsersService);
  if (!(await users.findByEmail(ADMIN))) {
    await service.get(AdminAccountsService).create(ADMIN, PASSWORD);
    for (const candidate of CANDIDATES) await service.get(CandidatesService).create(candidate);
  }
  for (const voter of VOTERS) {
    if (await users.findByEmail(voter.email)) continue;
    const { id } = await service.get(AccountsService).register({ ...voter, password: PASSWORD });
    await seedNotes(service.get(NotesService), id);
  }
  const who = [ADMIN, ...VOTERS.map(({ email }) => email)].join(', ');
  return [`Demo accounts: ${who}; password: ${PASSWORD}`];
}

async function seedNotes(notes: NotesService, userId: number): Promise<void> {
  await notes.create(userId, {
    title: 'Welcome',
    content: 'This note is sealed under the key of the service.',
    tags: ['demo'],
  });
  await notes.create(userId, {
    title: 'For my eyes only',
    content: 'This note is sealed under its own password, which is the demo password.',
    personal_encryption: true,
    password: PASSWORD,
    tags: ['demo', 'personal'],
  });
}
