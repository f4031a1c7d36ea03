const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';

/** A unique constraint refused a row. With a name: this one did. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return isViolation(error, UNIQUE_VIOLATION, constraint);
}

/** A foreign key refused a row, or refused to let go of one that others point to. */
export function isForeignKeyViolation(error: unknown, constraint?: string): boolean {
  return isViolation(error, FOREIGN_KEY_VIOLATION, constraint);
}

function isViolation(error: unknown, sqlState: string, constraint: string | undefined): boolean {
  if (!(error instanceof Error)) return false;
  const { driverError } = error as { driverError?: unknown };
  const violation = (driverError instanceof Error ? driverError : error) as {
    code?: unknown;
    constraint?: unknown;
  };
  return violation.code === sqlState && (constraint === undefined || violation.constraint === constraint);
}
