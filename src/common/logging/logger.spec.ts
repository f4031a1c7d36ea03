import { Writable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { Logger } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { createLogger, PinoNestLogger } from './logger.js';
import { requestContext } from './request-context.js';
import { pathOf } from './request-log.js';

function record(level: Parameters<typeof createLogger>[0] = 'trace') {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger(level, stream);
  return {
    logger,
    text: () => chunks.join(''),
    lines: () =>
      chunks
        .join('')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('a log line', () => {
  it('has a time, a level and a message, and the id of the request it belongs to', () => {
    const { logger, lines } = record();
    logger.warn('outside');
    requestContext.run({ address: null, request_id: 'mine' }, () => {
      logger.info({ detail: 1 }, 'inside');
    });
    const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(lines()).toEqual([
      { timestamp, level: 'warn', message: 'outside' },
      { timestamp, level: 'info', message: 'inside', detail: 1, request_id: 'mine' },
    ]);
  });

  it.each([
    'password',
    'current_password',
    'new_password',
    'token',
    'access_token',
    'refresh_token',
    'authorization',
    'cookie',
    'secret',
  ])('never shows a %s, wherever someone puts it', (name) => {
    const { logger, text, lines } = record();
    logger.info({ [name]: 'unspeakable' }, 'top');
    logger.info({ body: { [name]: 'unspeakable' } }, 'one below');
    logger.info({ request: { headers: { [name]: 'unspeakable' } } }, 'two below');
    logger.info({ body: { [name]: { first: 'unspeakable' } } }, 'as an object');
    expect(text()).not.toContain('unspeakable');
    expect(lines()[0]).toMatchObject({ [name]: '[redacted]' });
    expect(lines()).toHaveLength(4);
  });

  it('of a failed statement has the error, and neither its parameters nor the row', () => {
    const { logger, text, lines } = record();
    const driverError = Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: 'Key (email)=(unspeakable@example.com) already exists.',
      parameters: ['unspeakable'],
    });
    const error = Object.assign(new Error('query failed', { cause: driverError }), {
      code: 'E_QUERY',
      query: 'SELECT unspeakable',
      parameters: ['unspeakable'],
      driverError,
    });
    logger.error({ err: error }, 'a request failed');
    expect(text()).not.toContain('unspeakable');
    expect(lines()[0]).toMatchObject({
      err: {
        message: 'query failed',
        code: 'E_QUERY',
        stack: expect.stringContaining('logger.spec'),
        cause: { message: 'duplicate key', code: '23505' },
      },
    });
  });

  it('of an error of another realm has what it has of any', () => {
    const { logger, lines } = record();
    const foreign = Object.assign(runInNewContext(`new Error('write EPIPE')`) as Error, { code: 'EPIPE' });
    logger.error({ err: foreign }, 'a request failed');
    expect(lines()[0]).toMatchObject({ err: { type: 'Error', message: 'write EPIPE', code: 'EPIPE' } });
  });

  it('does not repeat the value that the database quotes', () => {
    const { logger, text, lines } = record();
    const error = Object.assign(new Error('invalid input syntax for type uuid: "unspeakable "thing""'), {
      code: '22P02',
    });
    logger.error({ err: new Error('query failed', { cause: error }) }, 'a request failed');
    expect(text()).not.toMatch(/unspeakable|thing/);
    expect(lines()[0]).toMatchObject({ err: { cause: { message: expect.stringContaining('type uuid') } } });
  });

  it('is written only from the chosen level on', () => {
    const { logger, lines } = record('warn');
    logger.info('quiet');
    logger.error('loud');
    expect(lines().map(({ message }) => message)).toEqual(['loud']);
  });
});

describe("Nest's logger", () => {
  it('writes the same lines, with the name of who speaks', () => {
    const { logger, lines } = record();
    const nest = new PinoNestLogger(logger);
    nest.log('started', 'SomeService');
    nest.warn({ detail: 1 }, 'something is odd', 'SomeService');
    nest.error('it broke', 'the stack', 'SomeService');
    nest.error(new Error('it threw'), 'SomeService');
    nest.fatal('the end', 'SomeService');
    expect(lines()).toMatchObject([
      { level: 'info', message: 'started', logger: 'SomeService' },
      { level: 'warn', message: 'something is odd', detail: 1, logger: 'SomeService' },
      { level: 'error', message: 'it broke', stack: 'the stack', logger: 'SomeService' },
      { level: 'error', message: 'it threw', err: { message: 'it threw' }, logger: 'SomeService' },
      { level: 'fatal', message: 'the end', logger: 'SomeService' },
    ]);
  });

  it('leaves it to whoever starts the service to say that its port is taken', () => {
    const { logger, lines } = record();
    const nest = new PinoNestLogger(logger);
    nest.error('Error: listen EADDRINUSE: address already in use 127.0.0.1:8000', 'NestApplication');
    nest.error('Error: something else', 'NestApplication');
    expect(lines().map(({ message }) => message)).toEqual(['Error: something else']);
  });

  it('keeps the account of the framework for who debugs a start', () => {
    const { logger, lines } = record('info');
    const nest = new PinoNestLogger(logger);
    nest.log('Mapped {/users, GET} route', 'RouterExplorer');
    nest.error('but not its errors', 'RouterExplorer');
    expect(lines().map(({ message }) => message)).toEqual(['but not its errors']);
  });

  it('is what `new Logger(name)` writes through', () => {
    const { logger, text, lines } = record();
    Logger.overrideLogger(new PinoNestLogger(logger));
    try {
      new Logger('errors').error({ err: new Error('inner') }, 'a request failed');
      new Logger('accounts').warn({ password: 'unspeakable' }, 'odd');
    } finally {
      Logger.overrideLogger(false);
    }
    expect(lines()).toMatchObject([
      { level: 'error', message: 'a request failed', logger: 'errors', err: { message: 'inner' } },
      { level: 'warn', message: 'odd', logger: 'accounts', password: '[redacted]' },
    ]);
    expect(text()).not.toContain('unspeakable');
  });
});

describe('the path in a log line', () => {
  it.each([
    ['/users/info', '/users/info'],
    ['/users/info?password=x', '/users/info'],
    ['/a?b?c', '/a'],
    ['/?', '/'],
    ['?x', ''],
    ['*', '*'],
    ['http://user:secret@host/users?x', '/users'],
    ['//host/users?x', '//host/users'],
    ['/%zz?x', '/%zz'],
  ])('of %s is %s', (target, path) => {
    expect(pathOf(target)).toBe(path);
  });
});
