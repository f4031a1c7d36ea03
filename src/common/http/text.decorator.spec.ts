import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { countCharacters, isStorableText, IsText } from './text.decorator.js';

class Sample {
  @IsText({ min: 2, max: 5 })
  text: unknown;

  @IsText({ max: 3, each: true })
  words: unknown = [];
}

function problemsOf(values: Partial<Sample>): string[] {
  const sample = Object.assign(new Sample(), { text: 'fine' }, values);
  return validateSync(sample).flatMap(({ constraints }) => Object.values(constraints ?? {}));
}

describe('text', () => {
  it('is taken by its number of characters, whatever they are stored in', () => {
    for (const character of ['a', '\u00e9', '\u5b57', '\u{1f9a6}']) {
      expect(problemsOf({ text: character })).toEqual(['must have at least 2 characters']);
      expect(problemsOf({ text: character.repeat(2) })).toEqual([]);
      expect(problemsOf({ text: character.repeat(5) })).toEqual([]);
      expect(problemsOf({ text: character.repeat(6) })).toEqual(['must have at most 5 characters']);
    }
  });

  it.each([null, undefined, 5, true, ['ab'], { length: 3 }, Object('abc')])(
    'is never something else: %p',
    (value) => {
      expect(problemsOf({ text: value })).toEqual(['must be a string']);
    },
  );

  it.each(['a\0b', '\ud800ab', 'ab\udc00', '\udc00\ud800'])(
    'that cannot be stored exactly is refused: %j',
    (value) => {
      expect(problemsOf({ text: value })).toEqual(['must not contain NUL characters or lone surrogates']);
    },
  );

  it('in a list is judged entry by entry', () => {
    expect(problemsOf({ words: ['a', 'abc', '\u{1f9a6}\u{1f9a6}\u{1f9a6}'] })).toEqual([]);
    expect(problemsOf({ words: ['a', ''] })).toEqual(['entry 2 must not be empty']);
    expect(problemsOf({ words: ['a', 5] })).toEqual(['entry 2 must be a string']);
    expect(problemsOf({ words: ['much', 'too', 'long', 7] })).toEqual([
      'entry 1 must have at most 3 characters',
    ]);
  });

  it('is storable exactly when UTF-8 and PostgreSQL give it back', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }), (units) => {
        const value = String.fromCharCode(...units);
        const comesBack = Buffer.from(value).toString() === value && !units.includes(0);
        expect(isStorableText(value)).toBe(comesBack);
        expect(countCharacters(value)).toBe(Array.from(value).length);
      }),
    );
  });
});
