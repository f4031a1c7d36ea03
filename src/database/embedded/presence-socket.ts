import { randomBytes } from 'node:crypto';
import { readdir, rename, unlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { systemErrorCode } from './startup-error.js';

const ANSWER_WITHIN_MILLISECONDS = 2_000;

/** A process that is alive and uses the data folder. `answer` is missing when it is stopped or too busy. */
export interface Presence {
  name: string;
  pid: number;
  answer?: string;
}

/** This process's own presence; `withdraw` ends it. */
export interface OwnPresence {
  name: string;
  withdraw(): Promise<void>;
}

/**
 * Publishes a listening socket in `runDir` that says `answer()` to whoever connects. The kernel refuses
 * connections the moment the process is gone, however it ended, so that no pid is ever compared.
 */
export async function publishPresence(
  runDir: string,
  kind: string,
  answer: () => string,
): Promise<OwnPresence> {
  const name = `${kind}${process.pid}-${randomBytes(3).toString('hex')}`;
  const final = path.join(runDir, name);
  // Bound under another name first: between bind and listen a socket refuses and would be taken for dead.
  const temporary = path.join(runDir, `t${name}`);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(answer());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(temporary, resolve);
  });
  server.unref();
  await rename(temporary, final);
  return {
    name,
    async withdraw() {
      await unlink(final).catch(() => undefined);
      await new Promise<void>((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    },
  };
}

/** Every living presence of this kind; sockets of dead processes are removed, their names never come back. */
export async function findPresences(runDir: string, kind: string): Promise<Presence[]> {
  const pattern = new RegExp(`^${kind}(\\d+)-[0-9a-f]{6}$`);
  const names = (await readdir(runDir).catch(() => [])).filter((name) => pattern.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const reply = await ask(path.join(runDir, name));
      if (reply === 'dead') {
        await unlink(path.join(runDir, name)).catch(() => undefined);
        return [];
      }
      return [{ name, pid: Number(pattern.exec(name)?.[1]), answer: reply.answer }];
    }),
  );
  return found.flat();
}

async function ask(file: string): Promise<'dead' | { answer?: string }> {
  return await new Promise((resolve) => {
    let answer = '';
    const socket = connect(file);
    socket.setTimeout(ANSWER_WITHIN_MILLISECONDS, () => {
      socket.destroy();
      resolve({});
    });
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (answer += chunk));
    socket.on('end', () => {
      resolve({ answer });
    });
    socket.on('error', (error) => {
      const gone = ['ECONNREFUSED', 'ENOENT'].includes(systemErrorCode(error) ?? '');
      resolve(gone ? 'dead' : {});
    });
  });
}
