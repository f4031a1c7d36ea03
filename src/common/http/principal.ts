/** Who makes a request, as the database said a moment ago. Read once a request, by the authentication guard. */
export interface Principal {
  userId: number;
  email: string;
  name: string;
  username: string | null;
  role: Role;
  isActive: true;
  emailVerified: boolean;
  pendingEmail: string | null;
  voterKey: string;
  /** Whether a login of this account takes more than its password. */
  hasSecondFactor: boolean;
  createdAt: Date;
  session: {
    id: string;
    expiresAt: Date;
    /** Seconds since the password (or another factor) was last proven in this session. */
    authenticatedSecondsAgo: number;
  };
}

export const ROLES = ['user', 'admin'] as const;
export type Role = (typeof ROLES)[number];

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null;
  }
}
