/**
 * Folds a text for comparing: NFC, without case. Upper case first, so that letters which only meet there (ß and
 * SS, ſ and S) fold alike, then lower case, and NFC again because the mapping can undo it. A sigma is the same at
 * the end of a word, so that a part of a word is found in the whole.
 */
export function foldCase(text: string): string {
  return text.normalize('NFC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}
