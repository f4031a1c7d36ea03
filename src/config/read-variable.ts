import { readFileSync } from 'node:fs';

export type RawEnv = Record<string, string | undefined>;

/**
 * A variable as it was written, or what stands in the file that `X_FILE` names.
 * @param problems gets what is wrong, by name, never by value
 * @returns undefined where it is absent or empty
 */
export function readVariable(name: string, raw: RawEnv, problems: string[]): string | undefined {
  const file = raw[`${name}_FILE`];
  if (raw[name] && file) problems.push(`${name} and ${name}_FILE are both set; keep one.`);
  if (!file) return raw[name] === '' ? undefined : raw[name];
  try {
    // Editors and `echo` end a file with a line break; anything else may belong to a password.
    return readFileSync(file, 'utf8').replace(/(?<![\r\n])[\r\n]+$/, '') || undefined;
  } catch {
    problems.push(`${name}_FILE names a file that cannot be read.`);
    return undefined;
  }
}
