import { domainToASCII } from 'node:url';

/**
 * The form in which e-mail addresses are compared: NFC, case-folded, the domain in punycode. Two spellings of one
 * mailbox are one account and one voter. Providers' own rules (dots, plus signs) are theirs to apply.
 */
export function normalizeEmail(email: string): string {
  const at = email.lastIndexOf('@');
  const local = email.slice(0, at).normalize('NFC').toLowerCase();
  const domain = email.slice(at + 1).normalize('NFC');
  return `${local}@${domainToASCII(domain) || domain.toLowerCase()}`;
}

/** The form in which usernames are compared. */
export function normalizeUsername(username: string): string {
  return username.normalize('NFC').toLowerCase();
}
