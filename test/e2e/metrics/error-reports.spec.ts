import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Collector } from '../../support/collector.js';
import { Operator } from '../../support/operator.js';

const operator = new Operator();
let used: string;
beforeAll(async () => {
  used = await operator.newDataDir();
  await (await operator.start({ dataDir: used, env: { BACKUP_CRON: 'off' } })).stop();
});
afterAll(() => operator.cleanUp());

/** Code that the process runs before the service's own. */
const before = (code: string) => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
});

/** Says on standard output that a module of the collector's package is loaded. */
const TELLS_OF_SENTRY = before(
  `import { registerHooks } from 'node:module';
   registerHooks({ load: (url, context, next) => {
     if (url.includes('@sentry/node/')) process.stdout.write('loaded the collector\\n');
     return next(url, context);
   } });`,
);

describe("the collector's code", () => {
  it.each([
    ['is not loaded where none is configured', '', false],
    ['is loaded where one is', 'http://key@127.0.0.1:9/1', true],
  ])('%s', async (_, dsn, isLoaded) => {
    const service = await operator.start({
      dataDir: await operator.copyOf(used),
      env: { ...TELLS_OF_SENTRY, BACKUP_CRON: 'off', SENTRY_DSN: dsn },
    });
    expect(service.stdout.includes('loaded the collector')).toBe(isLoaded);
    expect(await service.stop()).toEqual({ code: 0, signal: null });
  });
});

it.each([
  ['a promise that nobody handles', 'void Promise.reject(error)'],
  ['a callback', 'throw error'],
])('an error in %s ends the service, is told without its parameters, and reported', async (_, fail) => {
  const collector = await new Collector().open();
  try {
    const service = await operator.start({
      dataDir: await operator.copyOf(used),
      env: {
        ...before(
          `process.on('SIGUSR2', () => {
             const error = Object.assign(new Error('it broke'), { parameters: [['unspeak', 'able'].join('')] });
             ${fail};
           });`,
        ),
        BACKUP_CRON: 'off',
        SENTRY_DSN: collector.dsn,
      },
    });
    service.signal('SIGUSR2');
    expect(await service.ended).toEqual({ code: 1, signal: null });
    expect(service.stderr).toMatch(
      /^\nThe service ends because of an unexpected error\.\nError: it broke\n +at /,
    );
    expect(service.stderr).not.toContain('unspeakable');
    const [event] = await collector.events(1);
    expect(event.exception.values).toEqual([expect.objectContaining({ type: 'Error', value: 'it broke' })]);
    expect(collector.received.join()).not.toContain('unspeakable');
  } finally {
    await collector.close();
  }
});
