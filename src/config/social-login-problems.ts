import type { Env } from './env.schema.js';
import { isLoopback } from './loopback.js';

const BUILT_IN = ['GOOGLE', 'FACEBOOK', 'MICROSOFT'] as const;

/** What is wrong with the variables of social login taken together. */
export function problemsWithSocialLogin(env: Env): string[] {
  const problems: string[] = [];
  let hasProvider = env.openidProviders.length > 0;
  for (const name of BUILT_IN) {
    const hasId = env[`OAUTH_${name}_CLIENT_ID`] !== undefined;
    const hasSecret = env[`OAUTH_${name}_CLIENT_SECRET`] !== undefined;
    if (hasId && hasSecret) hasProvider = true;
    else if (hasId || hasSecret)
      problems.push(
        `OAUTH_${name}_CLIENT_ID and OAUTH_${name}_CLIENT_SECRET are set together or not at all.`,
      );
  }
  if (hasProvider && env.OAUTH_ALLOWED_REDIRECT_URIS.length === 0)
    problems.push(
      'OAUTH_ALLOWED_REDIRECT_URIS is missing; list where browsers return to after a social login.',
    );
  const isProduction = env.NODE_ENV === 'production';
  for (const { name, issuer } of env.openidProviders) {
    const { protocol, hostname } = new URL(issuer);
    // Whoever sits on the way could answer that anybody is somebody.
    if (protocol === 'http:' && (isProduction || !isLoopback(hostname)))
      problems.push(`OAUTH_OIDC_${name.toUpperCase()}_ISSUER must begin with https://.`);
  }
  return problems;
}
