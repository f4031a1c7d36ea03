import net from 'node:net';
import { freePort } from '../support/service-process.js';
import { ChildProgram } from './child-program.js';

/** A real Redis that keeps nothing. */
export class Redis extends ChildProgram {
  private constructor(
    readonly port: number,
    folder: string,
  ) {
    super('redis-server', [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
      ...['--save', '', '--appendonly', 'no'],
    ]);
  }

  static async start(folder: string): Promise<Redis> {
    const redis = new Redis(await freePort(), folder);
    await redis.accepts(redis.port);
    return redis;
  }

  /** What it says to a PING. */
  ping(): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.port, '127.0.0.1', () => socket.write('PING\r\n'));
      socket.once('data', (answer) => {
        resolve(answer.toString().trim());
        socket.destroy();
      });
      socket.once('error', reject);
    });
  }
}
