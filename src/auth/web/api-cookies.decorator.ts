import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import {
  CSRF_COOKIE,
  DEVICE_COOKIE,
  formatSetCookie,
  OAUTH_COOKIE,
  REFRESH_COOKIE,
  type CookieName,
} from './browser-cookies.js';

/** What stands in the document as the value of each. */
const EXAMPLES = {
  [REFRESH_COOKIE]: '0b8e2c3e-6f0a-4c1b-9a3e-2d1f5b7a9c10.mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M',
  [CSRF_COOKIE]: 'q1pZ0h7sT4mV9xK2bN6cL8dF3gJ5wR0yqfY1uE7iA4oS2kHtGzXvBnMlQpWjCrDe',
  [OAUTH_COOKIE]: 'Vb2nQ7xL0cT9wK4rJ6mZ1sD8gF3hP5yA-eU_iO4kXqE',
  [DEVICE_COOKIE]: 'hY3kQ8vT1xZ5nB7mC2wL9rF4jS6dG0pA_eU-iO3yKqE',
} satisfies Record<CookieName, string>;
/** The default of REFRESH_TOKEN_EXPIRE_DAYS; a device is kept for longer. */
const EXAMPLE_MAX_AGE_SECONDS = 14 * 86_400;

/** The cookies that an answer sets, in their order. */
interface CookiesSet {
  kept?: readonly CookieName[];
  /** Set to nothing, with an age of 0: the browser forgets them. */
  cleared?: readonly CookieName[];
}

/** Describes the Set-Cookie lines of a route's answers, by status; an answer that is not named sets none. */
export const ApiSetsCookies = (byStatus: Record<number, CookiesSet>) =>
  ApiExtension(
    'x-set-cookies',
    Object.fromEntries(
      Object.entries(byStatus).map(([status, { kept = [], cleared = [] }]) => [
        status,
        [
          ...kept.map((name) => formatSetCookie(name, EXAMPLES[name], EXAMPLE_MAX_AGE_SECONDS)),
          ...cleared.map((name) => formatSetCookie(name, '', 0)),
        ],
      ]),
    ),
  );

/** Describes the cookies that a route reads where they come along, and does without where not. */
const ApiReadsCookies = (descriptions: Partial<Record<CookieName, string>>) =>
  ApiExtension(
    'x-cookies',
    Object.entries(descriptions).map(([name, description]) => ({
      name,
      description,
      example: EXAMPLES[name as CookieName],
    })),
  );

/** Describes the cookies of a login, whatever it is made with. */
export const ApiLoginCookies = () =>
  applyDecorators(
    ApiReadsCookies({
      [REFRESH_COOKIE]: 'The session that this browser had, which ends.',
      [DEVICE_COOKIE]: 'What this browser is known by: failed logins of others do not lock it out.',
    }),
    ApiSetsCookies({ 200: { kept: [DEVICE_COOKIE, REFRESH_COOKIE, CSRF_COOKIE] } }),
  );
