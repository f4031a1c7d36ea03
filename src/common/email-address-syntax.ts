import { domainToASCII } from 'node:url';
import { isEmail, isFQDN } from 'class-validator';

/**
 * What some mail server takes away or reads as nothing, so that two texts name one mailbox: quotes, backslashes, spaces,
 * control, format and other invisible characters. \p{C} also holds lone surrogates, at which isEmail throws, and
 * characters that Unicode has not given out, whose case nobody knows yet.
 */
const AMBIGUOUS = /["\\\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;

/**
 * True for an e-mail address that the service takes: up to 254 characters (RFC 5321), the local part in any script
 * (RFC 6531) but never quoted, at a domain name whose ASCII form is one too and does not end with a dot.
 */
export function isEmailAddress(value: string): boolean {
  if (AMBIGUOUS.test(value) || !isEmail(value, { allow_utf8_local_part: true })) return false;
  return isFQDN(domainToASCII(value.slice(value.lastIndexOf('@') + 1)));
}
