import { describe, expect, it } from '@jest/globals';
import { STATUS_CODES } from 'node:http';
import { runInNewContext } from 'node:vm';
import { HttpException } from '@nestjs/common';
import { AppError } from './app-error.js';
import {
  BusyError,
  MalformedJsonError,
  UnauthenticatedError,
  ValidationFailedError,
} from './common.errors.js';
import { isDatabaseUnavailable, wasBrokenOffByDatabase } from './database-unavailable.js';
import { toErrorAnswer } from './error-answer.js';
import { STATUS_BY_CODE, type ErrorCode } from './error-codes.js';

const CODES = Object.keys(STATUS_BY_CODE) as ErrorCode[];

class Sample extends AppError {
  constructor(code: ErrorCode, options = {}) {
    super(code, 'Something for people.', options);
  }
}

const INTERNAL = {
  status: 500,
  headers: {},
  body: {
    error: {
      code: 'INTERNAL_ERROR',
      message: 'Something went wrong on our side; quote the request id when you report it.',
      details: {},
      request_id: 'id',
    },
  },
};

const withProperties = (message: string, properties: object) => Object.assign(new Error(message), properties);

describe('an error as it goes over the wire', () => {
  it.each(CODES)('has the status of its code, and the headers of its status: %s', (code) => {
    const answer = toErrorAnswer(new Sample(code, { details: { a: 1 } }), 'id');
    const status = STATUS_BY_CODE[code];
    expect(answer.body).toEqual({
      error: { code, message: 'Something for people.', details: { a: 1 }, request_id: 'id' },
    });
    expect(answer.status).toBe(status);
    expect(answer.headers).toEqual({
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(status === 429 || status === 503 ? { 'retry-after': '1' } : {}),
    });
  });

  it('every status in the table is one of an error, and every code is one word in capitals', () => {
    for (const code of CODES) {
      expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
      expect(STATUS_CODES).toHaveProperty(String(STATUS_BY_CODE[code]));
      expect(STATUS_BY_CODE[code]).toBeGreaterThanOrEqual(400);
    }
  });

  it('says when to come back', () => {
    expect(toErrorAnswer(new BusyError(7), 'id').headers).toEqual({ 'retry-after': '7' });
    expect(toErrorAnswer(new Sample('RATE_LIMITED', { retryAfterSeconds: 900 }), 'id').headers).toEqual({
      'retry-after': '900',
    });
  });

  it.each([
    [new ValidationFailedError([]), 422],
    [new MalformedJsonError('because'), 400],
    [new UnauthenticatedError(), 401],
  ])('%s', (error, status) => {
    expect(toErrorAnswer(error, 'id').status).toBe(status);
  });

  it.each([
    new Error('SELECT * FROM users failed at /srv/app/dist/users.js'),
    new TypeError("Cannot read properties of undefined (reading 'secret')"),
    withProperties('duplicate key value violates unique constraint', {
      code: '23505',
      detail: 'Key (email)=(a@b)',
    }),
    withProperties('invalid input syntax for type uuid: "x"', { code: '22P02' }),
    withProperties('no such file', { code: 'ENOENT', syscall: 'open', path: '/etc/passwd' }),
    withProperties('odd', { statusCode: 200 }),
    withProperties('odd', { statusCode: 599, code: 'FST_ERR_UNKNOWN' }),
    new HttpException('internals', 500),
    new HttpException('internals', 502),
    'a thrown string',
    42,
    null,
    undefined,
    { code: 'USER_EXISTS', message: 'pretends' },
    { statusCode: 404 },
  ])('tells nothing of what is our own fault: %p', (thrown) => {
    expect(toErrorAnswer(thrown, 'id')).toEqual(INTERNAL);
  });

  it.each([
    ['FST_ERR_CTP_BODY_TOO_LARGE', 413, 413, 'PAYLOAD_TOO_LARGE'],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 400, 400, 'MALFORMED_REQUEST'],
    ['FST_ERR_BAD_URL', 400, 400, 'MALFORMED_REQUEST'],
    ['FST_ERR_MAX_PARAM_LENGTH', 414, 414, 'URI_TOO_LONG'],
    ['FST_ERR_OF_TOMORROW', 400, 400, 'MALFORMED_REQUEST'],
  ])('puts what Fastify refuses into our words: %s', (code, statusCode, status, ours) => {
    const { body, ...answer } = toErrorAnswer(withProperties('internals', { code, statusCode }), 'id');
    expect({ status: answer.status, code: body.error.code }).toEqual({ status, code: ours });
    expect(body.error.message).not.toContain('internals');
  });

  it.each([400, 401, 403, 404, 405, 408, 413, 414, 415, 417, 422, 431])(
    'puts what Nest refuses with %i into our words',
    (status) => {
      const answer = toErrorAnswer(new HttpException('internals', status), 'id');
      expect(answer.status).toBe(status);
      expect(answer.body.error.message).not.toContain('internals');
    },
  );
});

describe('a statement that the database broke off', () => {
  it.each(['40001', '40P01', '55P03', '57014'])('may be tried again: %s', (code) => {
    const driverError = withProperties('canceling statement of mc101_app', { code });
    for (const thrown of [driverError, withProperties('query failed', { driverError })]) {
      expect(wasBrokenOffByDatabase(thrown)).toBe(true);
      const { status, headers, body } = toErrorAnswer(thrown, 'id');
      expect({ status, headers, code: body.error.code }).toEqual({
        status: 503,
        headers: { 'retry-after': '1' },
        code: 'BUSY',
      });
      expect(body.error.message).not.toContain('mc101');
    }
  });

  it('is not one that was wrong', () => {
    expect(wasBrokenOffByDatabase(withProperties('syntax error', { code: '42601' }))).toBe(false);
    expect(wasBrokenOffByDatabase({ code: '40P01' })).toBe(false);
  });
});

describe('an error of another realm', () => {
  const foreign = (properties: object) =>
    Object.assign(runInNewContext(`new Error('write EPIPE')`) as Error, properties);

  it('is taken for the error that it is', () => {
    const broken = foreign({ code: 'EPIPE', syscall: 'write' });
    expect(broken).not.toBeInstanceOf(Error);
    expect(isDatabaseUnavailable(broken)).toBe(true);
    expect(isDatabaseUnavailable(withProperties('query failed', { driverError: broken }))).toBe(true);
    expect(toErrorAnswer(foreign({ statusCode: 413 }), 'id').status).toBe(413);
  });
});

describe('a database that cannot be reached', () => {
  const refused = withProperties('connect ECONNREFUSED', { code: 'ECONNREFUSED', syscall: 'connect' });
  it.each([
    refused,
    withProperties('connect ENOENT /run/.s.PGSQL.5432', { code: 'ENOENT', syscall: 'connect' }),
    withProperties('terminating connection due to administrator command', { code: '57P01' }),
    withProperties('the database system is starting up', { code: '57P03' }),
    withProperties('sorry, too many clients already', { code: '53300' }),
    withProperties('database "mc101" is not currently accepting connections', { code: '55000' }),
    withProperties('database "mc101" does not exist', { code: '3D000' }),
    new Error('Connection terminated unexpectedly'),
    new Error('timeout exceeded when trying to connect'),
    new AggregateError([refused]),
    withProperties('query failed', { driverError: refused }),
  ])('is a 503 that says nothing about it: %p', (thrown) => {
    expect(isDatabaseUnavailable(thrown)).toBe(true);
    const { status, headers, body } = toErrorAnswer(thrown, 'id');
    expect({ status, headers, code: body.error.code }).toEqual({
      status: 503,
      headers: { 'retry-after': '2' },
      code: 'DATABASE_UNAVAILABLE',
    });
    expect(body.error.message).not.toContain(thrown.message || 'connect');
  });

  it.each([
    withProperties('syntax error', { code: '42601' }),
    withProperties('canceling statement due to statement timeout', { code: '57014' }),
    withProperties('currval is not yet defined in this session', { code: '55000' }),
    withProperties('no such file', { code: 'ENOENT', syscall: 'open' }),
    new AggregateError([new Error('other')]),
    new Error('a timeout of something else'),
    'Connection terminated',
  ])('is not what happened here: %p', (thrown) => {
    expect(isDatabaseUnavailable(thrown)).toBe(false);
  });
});
