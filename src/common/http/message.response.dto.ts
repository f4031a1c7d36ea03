/** A plain confirmation. */
export class MessageResponse {
  /** @example "Logged out." */
  message!: string;
}
