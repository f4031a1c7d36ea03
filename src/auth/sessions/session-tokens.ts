/** What a client gets for a session, before it is decided how it travels. */
export interface SessionTokens {
  userId: number;
  sessionId: string;
  accessToken: string;
  /** Of the access token. */
  expiresInSeconds: number;
  refreshToken: string;
}

export interface LogIn extends SessionTokens {
  /** For the device to keep, and to send with its next login. */
  deviceToken: string;
}
