import { describe, expect, it } from '@jest/globals';
import { isRedirectUri } from './redirect-uri.js';

describe('an address to which a browser may be sent with a code', () => {
  it.each([
    'https://vote.example.com/signed-in',
    'https://vote.example.com/signed-in?from=mc101',
    'http://localhost:5173/done',
    'http://127.0.0.1:49152/callback',
    'http://[::1]/callback',
    'com.example.vote:/signed-in',
    'com.example.vote-app://signed-in',
  ])('may be %s', (uri) => {
    expect(isRedirectUri(uri)).toBe(true);
  });

  it.each([
    'http://vote.example.com/signed-in',
    'https://vote.example.com/#signed-in',
    'https://vote.example.com/signed-in#',
    'https://ada:secret@vote.example.com/',
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'app:/signed-in',
    'blob:https://vote.example.com/x',
    '/signed-in',
    '//vote.example.com/',
    'vote.example.com',
    '',
  ])('must not be %p', (uri) => {
    expect(isRedirectUri(uri)).toBe(false);
  });
});
