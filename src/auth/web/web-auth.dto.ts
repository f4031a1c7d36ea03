import { PickType } from '@nestjs/swagger';
import { LoginRequest } from '../auth.dto.js';

/** JSON with `email` or `username`; other pages could send a form. */
export class WebLoginRequest extends PickType(LoginRequest, ['email', 'username', 'password']) {}

/** For the memory of a page. The refresh token goes into a cookie that no script reads. */
export class WebTokensResponse {
  /**
   * A JWT, to be sent as `Authorization: Bearer <token>` and kept in memory only.
   * @example "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"
   */
  access_token!: string;
  /**
   * Seconds until the access token expires.
   * @example 900
   */
  expires_in!: number;
  /**
   * To be sent as `X-CSRF-Token`; stands in the readable `__Host-csrf` cookie too.
   * @example "q1pZ0h7sT4mV9xK2bN6cL8dF3gJ5wR0yqfY1uE7iA4oS2kHtGzXvBnMlQpWjCrDe"
   */
  csrf_token!: string;
}
