import type { Env } from './env.schema.js';
import { isLoopback } from './loopback.js';

const GOOGLE = 'https://accounts.google.com';
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
  const issuers = [GOOGLE, ...env.openidProviders.map(({ issuer }) => issuer)];
  for (const { name, issuer } of env.openidProviders) {
    // With its subject it is somebody: two providers of one issuer would be two secrets for the same people.
    if (issuers.filter((other) => other === issuer).length > 1)
      problems.push(`OAUTH_OIDC_${name.toUpperCase()}_ISSUER is that of another provider.`);
    const { protocol, hostname } = new URL(issuer);
    // Whoever sits on the way could answer that anybody is somebody.
    if (protocol === 'http:' && (isProduction || !isLoopback(hostname)))
      problems.push(`OAUTH_OIDC_${name.toUpperCase()}_ISSUER must begin with https://.`);
  }
  return problems;
}
