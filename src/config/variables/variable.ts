import type { z } from 'zod';

export interface Variable<S extends z.ZodType = z.ZodType> {
  section: string;
  description: string;
  schema: S;
  /** As it stands in .env.example; a variable without one is shown empty. */
  example?: string;
  /** Its value must never be printed. */
  secret?: boolean;
}

/** Puts variables under a heading of .env.example. */
export function inSection<V extends Record<string, Omit<Variable, 'section'>>>(
  section: string,
  variables: V,
) {
  const entries = Object.entries(variables).map(([name, variable]) => [name, { ...variable, section }]);
  return Object.fromEntries(entries) as { [K in keyof V]: V[K] & { section: string } };
}
