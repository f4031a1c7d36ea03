import pg from 'pg';
import { requestContext } from '../../src/common/logging/request-context.js';
import type { Answer } from './api-client.js';
import { comparable } from './comparable.js';

const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };

/** What requests cost the database: the text of every statement. What the service asks beside them is nobody's cost. */
export class Statements {
  private asked: string[] = [];
  private readonly query = prototype.query;

  private constructor() {
    const { asked, query } = { asked: (text: string) => this.asked.push(text), query: this.query };
    prototype.query = function (this: unknown, ...args: unknown[]) {
      const [first] = args;
      if (requestContext.getStore())
        asked(typeof first === 'string' ? first : ((first as { text?: string }).text ?? ''));
      return query.apply(this, args);
    };
  }

  /** From now on, until it is told to stop: for a whole file. */
  static record(): Statements {
    return new Statements();
  }

  stop(): void {
    prototype.query = this.query;
  }

  /** One after the other: all that requests ask meanwhile counts. */
  async during<T>(work: () => Promise<T>): Promise<{ result: T; statements: string[] }> {
    this.asked = [];
    const result = await work();
    return { result, statements: [...this.asked] };
  }

  async costOf(ask: () => Promise<Answer>) {
    const { result, statements } = await this.during(ask);
    return { answer: comparable(result), statements };
  }
}
