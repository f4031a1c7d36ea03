/** A cookie that a route reads where it comes along. */
export interface CookieHint {
  name: string;
  description: string;
  example: string;
}

export function cookieParameters(cookies: readonly CookieHint[]) {
  return cookies.map(({ name, description, example }) => ({
    name,
    in: 'cookie' as const,
    required: false,
    description,
    schema: { type: 'string' as const, example },
  }));
}

/** @param lines an example of each line that the answer has */
export function setCookieHeader(lines: readonly string[]) {
  const names = lines.map((line) => `\`${line.slice(0, line.indexOf('='))}\``).join(', ');
  return {
    description: `One such header for each of ${names}; they are never joined by commas (RFC 6265, section 3).`,
    schema: { type: 'array' as const, items: { type: 'string' as const }, example: lines },
  };
}
