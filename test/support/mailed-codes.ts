import type { LetterKind } from '../../src/mail/letters/letters.js';
import type { Actor, Answer } from './api-client.js';
import type { TestServer } from './test-server.js';

/** The codes that were mailed to an address, oldest first, as a mail shows them. */
export async function codesTo(server: TestServer, address: string, kind: LetterKind): Promise<string[]> {
  const mails = (await server.mailsTo(address)).filter((mail) => mail.kind === kind);
  return mails.map(({ text }) => /^ {4}(\d{4} \d{4})$/m.exec(text)?.[1] ?? 'no code');
}

/** The newest one. */
export async function codeTo(server: TestServer, address: string, kind: LetterKind): Promise<string> {
  const code = (await codesTo(server, address, kind)).at(-1);
  if (code === undefined) throw new Error(`Nobody has mailed a ${kind} to ${address}.`);
  return code;
}

/** A code that is certainly another one. */
export function otherThan(code: string): string {
  return code.replace(/.$/, (digit) => String((Number(digit) + 1) % 10));
}

export async function verifyEmail(
  server: TestServer,
  actor: Pick<Actor, 'email' | 'token'>,
): Promise<Answer> {
  const code = await codeTo(server, actor.email, 'verifyEmail');
  return server.as(actor).post('/auth/email/verify', { code });
}

/** Somebody new, whose address is proven. */
export async function signUpVerified(server: TestServer): Promise<Actor> {
  const actor = await server.signUp();
  const { status } = await verifyEmail(server, actor);
  if (status !== 200) throw new Error(`The address of ${actor.email} was not verified.`);
  return actor;
}

/** Moves an account to another address, with the code that is mailed there. */
export async function moveTo(
  server: TestServer,
  actor: Pick<Actor, 'token'>,
  email: string,
): Promise<Answer> {
  const asked = await server.as(actor).patch('/users', { email });
  if (asked.status !== 200) return asked;
  const code = await codeTo(server, email, 'changeEmail');
  return server.as(actor).post('/auth/email/confirm-change', { code });
}

/** What the newest link back carries that was mailed to an address. */
export async function revertTokenTo(server: TestServer, address: string): Promise<string> {
  const mails = (await server.mailsTo(address)).filter(({ kind }) => kind === 'emailChanged');
  const token = /\/app\/email-revert#token=([\w-]{43})$/m.exec(mails.at(-1)?.text ?? '')?.[1];
  if (token === undefined) throw new Error(`Nobody has mailed a way back to ${address}.`);
  return token;
}
