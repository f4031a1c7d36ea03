import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { RefreshRefusedError } from '../auth.errors.js';
import type { ClientInfo } from '../client-info.decorator.js';
import { DEVICE_IDLE_DAYS } from '../lockouts/known-devices.repository.js';
import { LogInService } from '../log-in.service.js';
import { CompleteLoginService } from '../mfa/complete-login.service.js';
import {
  toMfaRequiredResponse,
  type CompleteLoginRequest,
  type MfaRequiredResponse,
} from '../mfa/mfa.dto.js';
import { isWaiting, type WaitingLogin } from '../mfa/pending/waiting-login.js';
import type { LogIn, SessionTokens } from '../sessions/session-tokens.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { CSRF_COOKIE, DEVICE_COOKIE, REFRESH_COOKIE, type BrowserCookies } from './browser-cookies.js';
import { formatRefreshCookie, parseRefreshCookie, type BrowserSession } from './browser-session.js';
import { CsrfTokensService } from './csrf-tokens.service.js';
import type { WebLoginRequest, WebTokensResponse } from './web-auth.dto.js';

/** A browser keeps what it is known by for as long as it is known. */
const DEVICE_SECONDS = DEVICE_IDLE_DAYS * 86_400;

/** Sessions as browsers keep them: the refresh token in a cookie, the access token in the memory of a page. */
@Injectable()
export class WebAuthService {
  constructor(
    private readonly logins: LogInService,
    private readonly completions: CompleteLoginService,
    private readonly sessions: SessionsService,
    private readonly csrfTokens: CsrfTokensService,
    private readonly config: AppConfig,
  ) {}

  /**
   * Logs in with a password.
   * @throws what LogInService.logIn throws
   */
  async logIn(
    request: WebLoginRequest,
    client: ClientInfo,
    cookies: BrowserCookies,
  ): Promise<WebTokensResponse | MfaRequiredResponse> {
    return this.beginOrWait(client, cookies, (known) => this.logins.logIn(request, 'web', known));
  }

  /**
   * Begins a session and ends the one that this browser had, if any. Where a second factor is to come, nothing changes yet.
   * @param logIn with what the browser is known by
   * @throws what `logIn` throws
   */
  async beginOrWait(
    client: ClientInfo,
    cookies: BrowserCookies,
    logIn: (client: ClientInfo) => Promise<LogIn | WaitingLogin>,
  ): Promise<WebTokensResponse | MfaRequiredResponse> {
    const login = await logIn(withDevice(client, cookies));
    return isWaiting(login) ? toMfaRequiredResponse(login) : this.keep(login, cookies);
  }

  /**
   * Begins the session of a login whose password this browser's page has shown before.
   * @throws what CompleteLoginService.complete throws
   */
  async completeLogin(
    request: CompleteLoginRequest,
    client: ClientInfo,
    cookies: BrowserCookies,
  ): Promise<WebTokensResponse> {
    return this.begin(client, cookies, (known) => this.completions.complete(request, 'web', known));
  }

  /**
   * Begins a session and ends the one that this browser had, if any.
   * @param logIn with what the browser is known by
   * @throws what `logIn` throws
   */
  async begin(
    client: ClientInfo,
    cookies: BrowserCookies,
    logIn: (client: ClientInfo) => Promise<LogIn>,
  ): Promise<WebTokensResponse> {
    return this.keep(await logIn(withDevice(client, cookies)), cookies);
  }

  /** @throws RefreshRefusedError when the session has ended, or its token was used up; the cookies go then */
  async refresh(
    { sessionId, refreshToken, csrfToken }: BrowserSession,
    client: ClientInfo,
    cookies: BrowserCookies,
  ): Promise<WebTokensResponse> {
    try {
      const tokens = await this.sessions.refresh(refreshToken, client);
      // The CSRF token was checked against the session that the cookie names; it must be the token's own.
      if (tokens.sessionId !== sessionId) throw new RefreshRefusedError();
      return this.handOver(tokens, this.csrfTokens.renew(csrfToken, sessionId), cookies);
    } catch (error) {
      if (error instanceof RefreshRefusedError) forgetSession(cookies);
      throw error;
    }
  }

  /** Ends the session, if it has not ended yet. */
  async logOut({ refreshToken }: BrowserSession, cookies: BrowserCookies): Promise<void> {
    await this.sessions.logOut(refreshToken);
    forgetSession(cookies);
  }

  private async keep(login: LogIn, cookies: BrowserCookies): Promise<WebTokensResponse> {
    const former = parseRefreshCookie(cookies.read(REFRESH_COOKIE));
    cookies.write(DEVICE_COOKIE, login.deviceToken, DEVICE_SECONDS);
    if (former) await this.sessions.logOut(former.refreshToken);
    return this.handOver(login, this.csrfTokens.issue(login.sessionId), cookies);
  }

  private handOver(
    { accessToken, expiresInSeconds, refreshToken, sessionId }: SessionTokens,
    csrfToken: string,
    cookies: BrowserCookies,
  ): WebTokensResponse {
    const { idleSeconds } = this.config.sessions;
    cookies.write(REFRESH_COOKIE, formatRefreshCookie(sessionId, refreshToken), idleSeconds);
    cookies.write(CSRF_COOKIE, csrfToken, idleSeconds);
    return { access_token: accessToken, expires_in: expiresInSeconds, csrf_token: csrfToken };
  }
}

/** A browser keeps in a cookie what programs send as a header. */
function withDevice(client: ClientInfo, cookies: BrowserCookies): ClientInfo {
  return { ...client, deviceToken: cookies.read(DEVICE_COOKIE) ?? null };
}

function forgetSession(cookies: BrowserCookies): void {
  cookies.clear(REFRESH_COOKIE);
  cookies.clear(CSRF_COOKIE);
}
