/** All that an anonymous caller may reach, written out: a new public route must be added here on purpose. */
export const PUBLIC_ROUTES = [
  'DELETE /dev/mail',
  'GET /',
  'GET /auth/oauth/providers',
  'GET /auth/oauth/{provider}/callback',
  'GET /auth/oauth/{provider}/start',
  'GET /dev/mail',
  'GET /health',
  'GET /ready',
  'POST /auth/email/revert',
  'POST /auth/logout',
  'POST /auth/mfa/complete',
  'POST /auth/not-me',
  'POST /auth/oauth/exchange',
  'POST /auth/passkeys/login/options',
  'POST /auth/passkeys/login/verify',
  'POST /auth/password-reset/confirm',
  'POST /auth/password-reset/request',
  'POST /auth/refresh',
  'POST /auth/web/exchange',
  'POST /auth/web/login',
  'POST /auth/web/mfa',
  'POST /auth/web/passkeys/login/options',
  'POST /auth/web/passkeys/login/verify',
  'POST /users/login',
  'POST /users/register',
];

/** No token opens them, but the cookies of a browser: theirs is another guard, see credential-separation.spec.ts. */
export const COOKIE_ROUTES = ['POST /auth/web/refresh', 'POST /auth/web/logout'];
