import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { AppConfig } from '../../config/app-config.js';
import { ConfigError } from '../../config/parse-env.js';
import type { Clock } from '../clock.js';
import { serializeError } from '../logging/serialize-error.js';
import { requestContext } from '../logging/request-context.js';
import type { ErrorCollector, ErrorPlace } from './error-collector.js';

/** In one minute: a fault that every request meets must not become a second one. */
const MAX_REPORTS = 30;
const WINDOW_MS = 60_000;

const FLUSH_LIMIT_MS = 2_000;

/** Tells an operator's error collector of what nobody expected. Without a collector it does nothing. */
export class ErrorReports implements OnApplicationShutdown {
  private readonly logger = new Logger('error-reports');
  private window = { endsAt: 0, reports: 0 };

  constructor(
    private readonly collector: ErrorCollector | undefined,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** Reports an error, scrubbed as in the log. Never throws and never waits. */
  report(error: unknown, place: ErrorPlace = {}): void {
    if (!this.collector || !this.hasRoom()) return;
    try {
      this.collector.send(serializeError(error), {
        requestId: requestContext.getStore()?.request_id,
        ...place,
      });
    } catch (failure) {
      this.logger.warn({ event_type: 'error_report_failed', err: failure }, 'an error could not be reported');
    }
  }

  /** Waits a moment for reports that are on their way. */
  async onApplicationShutdown(): Promise<void> {
    await this.collector?.close(FLUSH_LIMIT_MS);
  }

  private hasRoom(): boolean {
    const now = this.clock.now().getTime();
    if (now >= this.window.endsAt) this.window = { endsAt: now + WINDOW_MS, reports: 0 };
    this.window.reports += 1;
    return this.window.reports <= MAX_REPORTS;
  }
}

/** A key, a host and the number of a project. */
const DSN = /^https?:\/\/\w+@[^/@\s]+\/(?:[^\s?#]*\/)?\d+$/;

/**
 * The collector's code is loaded only where one is configured.
 * @throws ConfigError when SENTRY_DSN cannot be used
 */
export async function openErrorReports(
  { sentryDsn, environment }: Pick<AppConfig, 'sentryDsn' | 'environment'>,
  clock: Clock,
): Promise<ErrorReports> {
  if (sentryDsn === undefined) return new ErrorReports(undefined, clock);
  if (!DSN.test(sentryDsn))
    throw new ConfigError(['SENTRY_DSN must look like https://<key>@<host>/<project number>.']);
  const { openSentryCollector } = await import('./sentry-collector.js');
  return new ErrorReports(openSentryCollector(sentryDsn, environment), clock);
}
