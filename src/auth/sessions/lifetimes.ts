/** How long a session lasts. */
export interface Lifetimes {
  /** Since its tokens were last refreshed. */
  readonly idleSeconds: number;
  /** Since the login, however often it is refreshed. */
  readonly absoluteSeconds: number;
}
