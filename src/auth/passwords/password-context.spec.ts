import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { contextWords, SERVICE_WORDS } from './password-context.js';

const ada = { name: 'Ada Lovelace', email: 'ada@example.com', username: 'countess' };

describe('the words that must not make up a password', () => {
  it("are the owner's, those of the service, of its host and of the organisation, whole and in parts", () => {
    const words = contextWords(ada, 'https://votes.acme-guild.example', ['Acme Guild']);
    expect(words).toEqual(
      expect.arrayContaining(['Ada Lovelace', 'Lovelace', 'ada@example.com', 'countess']),
    );
    expect(words).toEqual(expect.arrayContaining(['votes', 'acme', 'guild', 'Acme Guild', 'Acme']));
    expect(words).toEqual(expect.arrayContaining(SERVICE_WORDS));
  });

  it('are never so short that they stand in any password', () => {
    expect(contextWords({ name: 'Al', email: 'al@x.io' }, 'http://localhost:8000', ['x'])).not.toContain(
      'Al',
    );
  });

  it('of the service are all in the README', () => {
    const readme = readFileSync(path.join(import.meta.dirname, '..', 'README.md'), 'utf8');
    const listed = /words of the service: ([^.]*)\./.exec(readme)?.[1] ?? '';
    expect(Array.from(listed.matchAll(/`([^`]+)`/g), ([, word]) => word)).toEqual(SERVICE_WORDS);
  });
});
