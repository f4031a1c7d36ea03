const INSUFFICIENT_PRIVILEGE = '42501';

/** The role of the connection may not do this. */
export function isInsufficientPrivilege(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === INSUFFICIENT_PRIVILEGE;
}
