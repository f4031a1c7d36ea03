import type { INestApplicationContext } from '@nestjs/common';
import { PasswordHasher } from '../auth/passwords/password-hasher.js';
import { StartupError } from '../database/embedded/startup-error.js';
import { UsersService } from '../users/users.service.js';

export const DEMO_PASSWORD = 'demo otters sail at noon';
export const DEMO_ADMIN = 'demo-admin@example.com';
export const DEMO_VOTERS = [
  { name: 'Ada Demo', email: 'ada@example.com', username: 'ada' },
  { name: 'Grace Demo', email: 'grace@example.com', username: 'grace' },
];

interface OpenAccount {
  id: number;
  email: string;
}

/** The accounts that anybody can log in to who knows this file: active ones that still have the demo's password. */
export async function findOpenDemoAccounts(service: INestApplicationContext): Promise<OpenAccount[]> {
  const users = service.get(UsersService);
  const open: OpenAccount[] = [];
  for (const email of [DEMO_ADMIN, ...DEMO_VOTERS.map((voter) => voter.email)]) {
    const user = await users.findByEmail(email);
    if (!user?.isActive || !user.passwordHash) continue;
    if (await service.get(PasswordHasher).verify(user, DEMO_PASSWORD)) open.push(user);
  }
  return open;
}

/**
 * For production, on a database that a demo was tried with.
 * @throws StartupError while a demo account is open
 */
export async function refuseOpenDemoAccounts(service: INestApplicationContext): Promise<void> {
  const open = await findOpenDemoAccounts(service);
  if (open.length === 0) return;
  throw new StartupError(
    `The password of ${open.map(({ email }) => email).join(', ')} is that of the public demo: close these accounts with "npm run cli -- demo:close", or give an admin among them another password with "npm run cli -- admin:reset --email ${DEMO_ADMIN}".`,
  );
}
