import { isEmailAddress } from '../../../common/email-address-syntax.js';
import { countCharacters, isStorableText } from '../../../common/http/text.decorator.js';

const MAX_ADDRESS = 254;
const MAX_NAME = 100;

/** An address as a provider told it; null for anything that is none here. */
export function toldAddress(value: unknown): string | null {
  return typeof value === 'string' && value.length <= MAX_ADDRESS && isEmailAddress(value) ? value : null;
}

/** A name as a provider told it; null for anything that nobody could have registered with. */
export function toldName(value: unknown): string | null {
  if (typeof value !== 'string' || !isStorableText(value)) return null;
  const name = value.trim();
  return name !== '' && countCharacters(name) <= MAX_NAME ? name : null;
}
