import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { judgeSecrets } from './secrets.js';

const entry = (id: string, bytes = randomBytes(32)) => `${id}:${bytes.toString('base64')}`;
const good = () => ({
  APP_ENCRYPTION_KEY: entry('k1'),
  TOKEN_PEPPER: entry('k1'),
  JWT_SECRET_KEY: `${entry('k2')},${entry('k1')}`,
});
const PASSPHRASE = 'seven quiet herons borrow a lamp at dusk';

describe('the secrets', () => {
  it('that are keys drawn at random are in order', () => {
    expect(judgeSecrets({ ...good(), LOG_SIGNING_KEY: entry('k1') })).toEqual([
      {
        verdict: 'ok',
        found: 'APP_ENCRYPTION_KEY, TOKEN_PEPPER, JWT_SECRET_KEY, LOG_SIGNING_KEY: random keys.',
      },
    ]);
  });

  it('that nobody has given are not judged', () => {
    expect(judgeSecrets({}).map(({ verdict }) => verdict)).toEqual(['off']);
  });

  it.each([
    [
      'a long passphrase',
      PASSPHRASE,
      'warning',
      'TOKEN_PEPPER is a passphrase, and only as strong as it is hard to guess.',
    ],
    ['a short passphrase', 'otters', 'problem', 'TOKEN_PEPPER is a passphrase that is easy to guess.'],
    ['a placeholder', 'please change-me before you go to production', 'problem', 'easy to guess'],
    ['a key of text', entry('mine', Buffer.from('thirty-two letters are no key !!')), 'problem', '"mine"'],
    ['a key of zeros', entry('zero', Buffer.alloc(32)), 'problem', '"zero"'],
    [
      'a key that counts',
      entry('count', Buffer.from(Array.from({ length: 32 }, (_, n) => n % 16))),
      'problem',
      '"count"',
    ],
    ['an older key of zeros', `${entry('new')},${entry('old', Buffer.alloc(32))}`, 'problem', '"old"'],
    ['a damaged key', 'k1:AAAA', 'problem', 'TOKEN_PEPPER'],
  ])('%s is told, and what to do', (_, value, verdict, words) => {
    const findings = judgeSecrets({ ...good(), TOKEN_PEPPER: value });
    expect(findings).toEqual([
      {
        verdict,
        found: expect.stringContaining(words),
        toDo: expect.stringContaining('openssl rand -base64 32'),
      },
    ]);
  });

  it('that two variables share are told once, also as an older entry and as a passphrase', () => {
    const key = randomBytes(32);
    const shared = judgeSecrets({
      ...good(),
      TOKEN_PEPPER: entry('a', key),
      JWT_SECRET_KEY: `${entry('b')},${entry('c', key)}`,
    });
    expect(shared).toEqual([
      expect.objectContaining({
        verdict: 'problem',
        found: 'TOKEN_PEPPER and JWT_SECRET_KEY hold the same key: who learns one has the other.',
      }),
    ]);
    const phrases = judgeSecrets({ ...good(), APP_ENCRYPTION_KEY: PASSPHRASE, TOKEN_PEPPER: PASSPHRASE });
    expect(phrases.map(({ found }) => found)).toContainEqual(
      'APP_ENCRYPTION_KEY and TOKEN_PEPPER hold the same key: who learns one has the other.',
    );
  });

  it('never stand in what is said of them', () => {
    const values = [PASSPHRASE, 'otters', entry('k1', Buffer.alloc(32)), 'k1:AAAA', 'k9:not base64 at all!'];
    for (const value of values) {
      const said = JSON.stringify(judgeSecrets({ APP_ENCRYPTION_KEY: value, TOKEN_PEPPER: value }));
      expect(said).not.toContain(value);
      expect(said).not.toContain(value.slice(value.indexOf(':') + 1));
    }
  });
});
