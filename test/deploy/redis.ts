import net from 'node:net';
import { freePort } from '../support/service-process.js';
import { ChildProgram } from './child-program.js';

/** A real Redis that keeps nothing. */
export class Redis extends ChildProgram {
  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly settings: string[],
  ) {
    super('redis-server', [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
      ...['--save', '', '--appendonly', 'no', ...settings],
    ]);
  }

  static async start(folder: string, settings: string[] = []): Promise<Redis> {
    return Redis.startAt(await freePort(), folder, settings);
  }

  /** Another one in its place, with nothing of what it held. */
  startAgain(): Promise<Redis> {
    return Redis.startAt(this.port, this.folder, this.settings);
  }

  private static async startAt(port: number, folder: string, settings: string[]): Promise<Redis> {
    const redis = new Redis(port, folder, settings);
    await redis.accepts(port);
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
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
