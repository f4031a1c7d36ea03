import type { OutgoingMail } from '../../src/mail/transports/mail-transport.js';
import { startLimitedServer } from './limited-server.js';
import type { Actor, Answer } from './api-client.js';
import { signUpVerified } from './mailed-codes.js';
import type { TestServer } from './test-server.js';
import { LOCKOUTS } from './lockout-words.js';

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0';

/** Of Google, in the United States. */
const ADDRESS = '8.8.8.8';

interface From {
  address?: string;
  userAgent?: string;
  /** What a former login answered. */
  device?: string;
}

const headersOf = ({ address = ADDRESS, userAgent = FIREFOX, device }: From = {}) => ({
  'x-forwarded-for': address,
  'user-agent': userAgent,
  ...(device === undefined ? {} : { 'x-device-token': device }),
});

/** A service behind a proxy, with lockouts as shipped, that writes to people who come from anywhere. */
export class NoticeStage {
  private constructor(readonly server: TestServer) {}

  static async open(env: Record<string, string> = {}): Promise<NoticeStage> {
    const mail = { MAIL_DISABLED: 'false', MAIL_URL: 'smtp://localhost:1' };
    return new NoticeStage(await startLimitedServer({ ...LOCKOUTS, ...mail, ...env }));
  }

  /** Somebody new whose address is verified, with one session on their first device. */
  person(): Promise<Actor> {
    return signUpVerified(this.server);
  }

  logIn({ email, password }: Pick<Actor, 'email' | 'password'>, from?: From): Promise<Answer> {
    return this.post('/users/login', { email, password }, from);
  }

  post(path: string, body: object, from?: From, actor?: Pick<Actor, 'token'>): Promise<Answer> {
    const api = actor === undefined ? this.server.api : this.server.as(actor);
    return api.post(path, body, { headers: headersOf(from) });
  }

  /** Logs in on a new device. @returns what the link of the letter about it carries */
  async newDeviceToken(person: Actor, from?: From): Promise<string> {
    const known = await this.letters(person, 'newDevice');
    const { status } = await this.logIn(person, from);
    const letters = await this.letters(person, 'newDevice');
    if (status !== 200 || letters.length !== known.length + 1)
      throw new Error('No letter tells of this login.');
    return tokenIn(letters.at(-1)!);
  }

  disown(token: string, from?: From): Promise<Answer> {
    return this.post('/auth/not-me', { token }, from);
  }

  async letters(
    { email }: Pick<Actor, 'email'>,
    kind?: string,
  ): Promise<(OutgoingMail & { kind: string })[]> {
    return (await this.server.mailsTo(email)).filter((mail) => kind === undefined || mail.kind === kind);
  }

  /** The only one of its kind. */
  async letter(person: Pick<Actor, 'email'>, kind: string): Promise<OutgoingMail> {
    const letters = await this.letters(person, kind);
    if (letters.length !== 1) throw new Error(`${letters.length} letters of the kind ${kind}.`);
    return letters[0]!;
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

/** What the link of a letter carries. */
export function tokenIn({ text }: Pick<OutgoingMail, 'text'>): string {
  return /\/app\/not-me#token=([\w-]+)$/m.exec(text)![1]!;
}
