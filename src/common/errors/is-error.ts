/** What Node has, and TypeScript's library not yet. */
type ErrorOfNode = typeof Error & { isError: (value: unknown) => boolean };

/**
 * Whether a thrown value is an error. Neither test alone will do: an error of a system call may come from another realm
 * (a worker, a test's sandbox), and an error of Fastify only inherits from Error.
 */
export function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || (Error as ErrorOfNode).isError(thrown);
}
