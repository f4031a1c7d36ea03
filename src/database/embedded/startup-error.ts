/**
 * A start that cannot succeed, told in one or two sentences: what happened and what to do about it.
 * The entry points print `message` alone, without a stack.
 */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

/** The code of a system call's error (`ENOENT`, `EACCES`, …), or undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  return stringField(error, 'code');
}

/** What a program that was run and failed had written to its standard error, or what the error itself says. */
export function complaintOf(error: unknown): string {
  return stringField(error, 'stderr')?.trim() || stringField(error, 'message') || String(error);
}

// By its shape: an error from another realm (a test's sandbox, a worker) is no instance of this one's Error.
function stringField(value: unknown, name: 'code' | 'stderr' | 'message'): string | undefined {
  if (typeof value !== 'object' || value === null || !(name in value)) return undefined;
  const field: unknown = value[name as keyof typeof value];
  return typeof field === 'string' ? field : undefined;
}
