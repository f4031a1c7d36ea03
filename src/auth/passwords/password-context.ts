/** Whose password it is: what must not be most of it. */
export interface PasswordOwner {
  name: string;
  email: string;
  username?: string | null;
}

/** What an attacker of this service tries first, whoever the account belongs to. auth/README.md lists them. @internal for tests */
export const SERVICE_WORDS = [
  'mc101',
  'admin',
  'administrator',
  'backup',
  'ballot',
  'candidate',
  'election',
  'notes',
  'vault',
  'vote',
  'voter',
];

/**
 * The words that must not make up a password: the owner's own, those of the service, of its host name and of the
 * organisation.
 */
export function contextWords(
  { name, email, username }: PasswordOwner,
  publicUrl: string,
  organisation: readonly string[],
): string[] {
  const texts = [name, email, username ?? '', new URL(publicUrl).hostname, ...organisation];
  const words = texts.flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)]);
  return [...words, ...SERVICE_WORDS].filter((word) => word.length > 2);
}
