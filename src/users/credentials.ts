/** What a login needs to know of an account. */
export interface Credentials {
  id: number;
  /** A PHC string; null for an account without a password. */
  passwordHash: string | null;
  isActive: boolean;
}
