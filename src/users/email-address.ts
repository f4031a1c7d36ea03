import { domainToASCII } from 'node:url';
import { foldCase } from '../crypto/note-format/fold-case.js';

/**
 * The form in which e-mail addresses are compared: case-folded (so also NFC), the domain in punycode. Two spellings of
 * one mailbox are one account and one voter, also where capitals have fewer letters: straße is STRASSE. Providers' own rules (dots, plus signs) are theirs to apply.
 */
export function normalizeEmail(email: string): string {
  const at = email.lastIndexOf('@');
  const local = foldCase(email.slice(0, at));
  const domain = email.slice(at + 1).normalize('NFC');
  return `${local}@${domainToASCII(domain) || domain.toLowerCase()}`;
}

/** The form in which usernames are compared. */
export function normalizeUsername(username: string): string {
  return username.normalize('NFC').toLowerCase();
}
