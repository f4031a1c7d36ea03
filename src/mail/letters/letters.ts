import type { Letter, Sender } from './letter.js';
import { testLetter } from './test-letter.js';
import { welcome } from './welcome.js';

/** Every letter that the service writes, by kind. What it is told must survive JSON. */
export const LETTERS = {
  welcome,
  test: testLetter,
} satisfies Record<string, (data: never, sender: Sender) => Letter>;

export type LetterKind = keyof typeof LETTERS;
export type LetterData<K extends LetterKind> = Parameters<(typeof LETTERS)[K]>[0];

/** @param kind as it was enqueued, by this version or by an earlier one */
export function isLetterKind(kind: string): kind is LetterKind {
  return Object.hasOwn(LETTERS, kind);
}
