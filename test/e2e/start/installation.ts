import { readSecrets, type Operator } from '../../support/operator.js';
import type { ServiceProcess } from '../../support/service-process.js';

/** What doctor says of one thing. */
interface Told {
  check: string;
  status: string;
  found: string;
  to_do?: string;
}

/** A data folder and a port, on which service and commands agree. */
export class Installation {
  service: ServiceProcess | undefined;

  constructor(
    private readonly operator: Operator,
    readonly dataDir: string,
    readonly port: number,
  ) {}

  async start(more: Record<string, string> = {}): Promise<void> {
    const { dataDir, port } = this;
    this.service = await this.operator.start({ dataDir, port, env: { ...this.env, ...more } });
  }

  /** Makes room; what is not stopped the operator ends in the end. */
  async stop(): Promise<void> {
    await this.service?.stop();
  }

  command(args: string[], more: Record<string, string> = {}) {
    return this.operator.command(args, { dataDir: this.dataDir, env: { ...this.env, ...more } });
  }

  /** Every finding, from the report for machines, and how the command ended. */
  async doctor(more: Record<string, string> = {}) {
    const { code, stdout, stderr } = await this.command(['doctor', '--json'], more);
    const report = JSON.parse(stdout) as { status: string; checks: Told[] };
    const of = (name: string) => report.checks.filter(({ check }) => check === name);
    const statusOf = (name: string) => of(name).map(({ status }) => status);
    return { code, stdout, stderr, report, of, statusOf };
  }

  /** What production has to be told. */
  async production(): Promise<Record<string, string>> {
    const { JWT_SECRET_KEY, TOKEN_PEPPER, APP_ENCRYPTION_KEY, LOG_SIGNING_KEY } = await readSecrets(
      this.dataDir,
    );
    return {
      NODE_ENV: 'production',
      MAIL_DISABLED: 'true',
      JWT_SECRET_KEY,
      TOKEN_PEPPER,
      APP_ENCRYPTION_KEY,
      LOG_SIGNING_KEY,
    };
  }

  private get env(): Record<string, string> {
    return { PORT: String(this.port), PUBLIC_URL: `http://localhost:${this.port}` };
  }
}
