import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A place that error reports are sent to, as Sentry has one: keeps what arrives, or leaves it unanswered. */
export class Collector {
  readonly received: string[] = [];
  hangs = false;
  private readonly held: ServerResponse[] = [];
  private waiting: (() => void)[] = [];
  private readonly server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.once('end', () => {
      this.received.push(text);
      if (this.hangs) this.held.push(response);
      else response.end('{}');
      for (const tell of this.waiting.splice(0)) tell();
    });
  });

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get dsn(): string {
    return `http://0123456789abcdef@127.0.0.1:${(this.server.address() as AddressInfo).port}/42`;
  }

  /** The events that arrived, once there are that many. */
  async events(count: number): Promise<any[]> {
    while (this.received.length < count) await new Promise<void>((resolve) => this.waiting.push(resolve));
    // An envelope: a line about it, a line about its item, the item.
    return this.received.map((envelope) => JSON.parse(envelope.split('\n')[2]!));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
