import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A mail as `/dev/mail` shows it. */
export interface MailboxItem {
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** ISO 8601. */
  created_at: string;
}

/** How many are kept: the oldest go. */
const MOST = 500;

/**
 * Mails of a machine without an SMTP server: two files each, `.eml` for mail programs, `.json` for `/dev/mail`. Codes lie
 * in them as they are, so only the service's user may read them.
 */
export class Mailbox {
  constructor(private readonly dir: string) {}

  /** One of the same id takes the place of the former. @param message as it would have gone over the wire */
  async put(item: MailboxItem, message: Buffer): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const name = `${item.created_at.replaceAll(/[:.]/g, '-')}_${item.id}`;
    await this.write(`${name}.eml`, message);
    await this.write(`${name}.json`, JSON.stringify(item));
    const names = await this.names();
    for (const former of names)
      if (former.endsWith(`_${item.id}`) && former !== name) await this.remove(former);
    for (const old of names.slice(MOST)) await this.remove(old);
  }

  /** Newest first. */
  async list(): Promise<MailboxItem[]> {
    const items: MailboxItem[] = [];
    for (const name of await this.names()) {
      const item = await this.read(name);
      if (item) items.push(item);
    }
    return items;
  }

  async find(id: string): Promise<MailboxItem | undefined> {
    const name = (await this.names()).find((each) => each.endsWith(`_${id}`));
    return name === undefined ? undefined : this.read(name);
  }

  async empty(): Promise<void> {
    for (const name of await this.names()) await this.remove(name);
  }

  private async names(): Promise<string[]> {
    try {
      const files = await readdir(this.dir);
      return files
        .filter((file) => file.endsWith('.json'))
        .map((file) => file.slice(0, -'.json'.length))
        .sort()
        .reverse();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /** Undefined for one that was removed meanwhile. */
  private async read(name: string): Promise<MailboxItem | undefined> {
    try {
      return JSON.parse(await readFile(path.join(this.dir, `${name}.json`), 'utf8')) as MailboxItem;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  private async write(file: string, content: Buffer | string): Promise<void> {
    const target = path.join(this.dir, file);
    await writeFile(`${target}.partial`, content, { mode: 0o600 });
    await rename(`${target}.partial`, target);
  }

  private async remove(name: string): Promise<void> {
    await rm(path.join(this.dir, `${name}.json`), { force: true });
    await rm(path.join(this.dir, `${name}.eml`), { force: true });
  }
}
