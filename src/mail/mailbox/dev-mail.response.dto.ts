/** A mail that a service without an SMTP server has kept. */
export class MailboxItemResponse {
  /** @example "5f0c4f0e-6d3b-4a87-9d1b-0b0f7f1f8a11" */
  id!: string;
  /** @example "ada@example.com" */
  to!: string;
  /** @example "Your code for MC101" */
  subject!: string;
  /** @example "Your code is 1234 5678." */
  text!: string;
  /** @example "<!doctype html><p>Your code is 1234 5678.</p>" */
  html!: string;
  /** @example "2026-01-05T09:30:00.000Z" */
  created_at!: string;
}

export class MailboxResponse {
  /** Newest first. */
  items!: MailboxItemResponse[];
}
