import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';
import { describe, expect, it } from '@jest/globals';
import {
  LoginDeniedError,
  ProviderRefusedError,
  ProviderUnavailableError,
  toProviderError,
} from './provider-errors.js';

const atBrowser = (error: string) =>
  new AuthorizationResponseError('x', { cause: new URLSearchParams({ error }) });
const atToken = (status: number, error: string) =>
  new ResponseBodyError('x', { cause: { error }, response: new Response(null, { status }) });
const client = (message: string, cause?: unknown) => new ClientError(message, { cause });

describe('what an error means for a login', () => {
  it.each(['access_denied', 'login_required', 'consent_required'])('%s: it was not allowed', (error) => {
    expect(toProviderError(atBrowser(error))).toBeInstanceOf(LoginDeniedError);
  });

  it.each([
    ['it says so itself', atBrowser('temporarily_unavailable')],
    ['too many requests', atToken(429, 'slow_down')],
    ['its server is broken', client('unexpected', new Response(null, { status: 503 }))],
    ['there was no connection', client('x', new ProviderUnavailableError('it cannot be reached'))],
  ])('it is not there: %s', (_, error) => {
    expect(toProviderError(error)).toBeInstanceOf(ProviderUnavailableError);
  });

  it.each([
    [
      'it answers the browser an error',
      atBrowser('invalid_scope'),
      'it answered the browser with invalid_scope',
    ],
    ['it refuses the code', atToken(400, 'invalid_grant'), 'it answered 400 with invalid_grant'],
    [
      'its token is not right',
      client('unexpected JWT claim value encountered', { claim: 'aud' }),
      'unexpected JWT claim value encountered: aud',
    ],
    ['it answers too much', client('x', new ProviderRefusedError('too much')), 'too much'],
  ])('it is refused: %s', (_, error, sentence) => {
    expect(toProviderError(error)).toEqual(new ProviderRefusedError(sentence));
  });

  it('repeats no words of strangers', () => {
    for (const error of [atBrowser(`x\n${'y'.repeat(9000)}`), atToken(400, 'z'.repeat(9000))])
      expect(toProviderError(error).message).toMatch(/^it answered [a-z0-9 ]+ with an unknown error$/);
  });

  it('lets a mistake of ours through', () => {
    expect(() => toProviderError(new RangeError('ours'))).toThrow('ours');
  });
});
