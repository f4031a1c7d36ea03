/** Who somebody is, as a provider says: what a login there has proven. */
export interface ProvenIdentity {
  /** Name of the provider, as in paths. */
  provider: string;
  /** With `subject` this is the identity: neither names nor addresses are, as they change hands. */
  issuer: string;
  subject: string;
  /** None where the provider tells none that can be one. */
  email: string | null;
  /** Only where the provider says that the address was proven to it. */
  isEmailVerified: boolean;
  /** None where the provider tells none that can be kept. */
  name: string | null;
  /** When they logged in there; null where the provider does not say. */
  authenticatedAt: Date | null;
  /** Whether the login there counts as one with a second factor, by configuration. */
  isMultiFactor: boolean;
}

/** What ties the answer of a provider to the request that it is for. Each is 256 random bits, base64url. */
export interface FlowSecrets {
  state: string;
  nonce: string;
  /** Of PKCE towards the provider (RFC 7636). */
  codeVerifier: string;
}

/** `login`: to log in once more; `select_account`: which account (OpenID Connect Core, 3.1.2.1). */
export const PROMPTS = ['login', 'select_account'] as const;
export type Prompt = (typeof PROMPTS)[number];

/** Somebody who says who people are. */
export interface IdentityProvider {
  readonly name: string;
  readonly title: string;
  /**
   * Where the browser is sent to log in.
   * @param redirectUri where it comes back to
   * @param prompt what the provider is to ask even whom it knows
   * @throws ProviderUnavailableError
   * @throws ProviderRefusedError
   */
  authorizationUrl(redirectUri: string, secrets: FlowSecrets, prompt?: Prompt): Promise<URL>;
  /**
   * Checks what the browser came back with, and asks the provider who that is.
   * @param callbackUrl the redirect URI with what the provider has added
   * @throws LoginDeniedError
   * @throws ProviderUnavailableError
   * @throws ProviderRefusedError also for whatever in its answers is not as it must be
   */
  identify(callbackUrl: URL, secrets: FlowSecrets): Promise<ProvenIdentity>;
}
