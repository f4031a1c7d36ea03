import path from 'node:path';
import { Eta } from 'eta';
import type { Letter, Sender } from './letter.js';

const eta = new Eta({
  views: path.resolve(import.meta.dirname, '..', 'templates'),
  cache: true,
  autoTrim: 'nl',
});

export interface RenderedLetter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Both forms of a letter. HTML is escaped, whatever the letter was told. */
export function renderLetter(letter: Letter, sender: Sender): RenderedLetter {
  const readable = { ...letter, code: letter.code && inGroups(letter.code) };
  return {
    subject: letter.subject,
    text: eta.render('./letter.text.eta', { blocks: blocksOf(readable), sender }),
    html: eta.render('./letter.html.eta', { letter: readable, sender }),
  };
}

/** What stands apart from each other in plain text. */
function blocksOf({ paragraphs, code, facts = [], action, closing = [] }: Letter): string[] {
  return [
    ...paragraphs,
    code && `    ${code}`,
    facts.map(({ label, value }) => `${label}: ${value}`).join('\n'),
    action && `${action.label}:\n${action.url}`,
    ...closing,
  ].filter((block): block is string => block !== undefined && block !== '');
}

/** Eight digits are read in two groups of four, and typed in with or without the space. */
function inGroups(code: string): string {
  return code.replaceAll(/(\d{4})(?=\d)/g, '$1 ');
}
