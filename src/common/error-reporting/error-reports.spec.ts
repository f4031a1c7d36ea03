import { describe, expect, it } from '@jest/globals';
import { Clock } from '../clock.js';
import { openErrorReports } from './error-reports.js';

describe('SENTRY_DSN', () => {
  it.each([
    'https://sentry.example/42',
    'https://key@sentry.example/',
    'https://key@/42',
    'https://key@host/project',
  ])('%s is refused, without repeating it', async (sentryDsn) => {
    const opened = openErrorReports({ sentryDsn, environment: 'test' }, new Clock());
    await expect(opened).rejects.toThrow(
      /SENTRY_DSN must look like https:\/\/<key>@<host>\/<project number>\.$/,
    );
    await expect(opened).rejects.not.toThrow(sentryDsn);
  });

  it.each(['https://key@sentry.example/42', 'http://0123abcd@127.0.0.1:9000/under/a/path/7'])(
    '%s is one',
    async (sentryDsn) => {
      const reports = await openErrorReports({ sentryDsn, environment: 'test' }, new Clock());
      await reports.onApplicationShutdown();
    },
  );

  it('that is not set makes reports that go nowhere', async () => {
    const reports = await openErrorReports({ sentryDsn: undefined, environment: 'test' }, new Clock());
    expect(() => {
      reports.report(new Error('unseen'));
    }).not.toThrow();
    await reports.onApplicationShutdown();
  });
});
