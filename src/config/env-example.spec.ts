import { readFileSync } from 'node:fs';
import { parseEnv as parseDotEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { renderEnvExample } from './env-example.js';
import { ENV_NAMES } from './env.schema.js';
import { parseEnv } from './parse-env.js';

const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');

describe('.env.example', () => {
  it('says what the table of variables says', () => {
    expect(example).toBe(renderEnvExample());
  });

  it('names every variable once, with a sentence above it', () => {
    const lines = example.split('\n');
    for (const name of ENV_NAMES) {
      const places = lines.flatMap((line, n) => (new RegExp(`^#?${name}=`).test(line) ? [n] : []));
      expect({ name, times: places.length }).toEqual({ name, times: 1 });
      expect({ name, sentence: lines[places[0]! - 1] }).toEqual({
        name,
        sentence: expect.stringMatching(/^# .*\.$/),
      });
    }
  });

  it('copied as it is changes nothing', () => {
    expect(parseEnv(parseDotEnv(example))).toEqual(parseEnv({}));
  });

  it('holds no secret', () => {
    expect(example).not.toMatch(/^(?!#)\w*(?:SECRET|PEPPER|PASSWORD|ENCRYPTION_KEY)\w*=(?!\d+$).+/m);
  });
});
