import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What the code at the end of a flow is good for. */
export type OAuthPurpose = 'login' | 'link';

/** A browser that was sent to a provider and has not come back yet. */
@Entity('oauth_flows')
@Check('oauth_flows_purpose_check', `purpose IN ('login', 'link')`)
export class OAuthFlow {
  /** A keyed hash of `state`, which the browser brings back. Nonce and verifier follow from `state` alone. */
  @PrimaryColumn('bytea', { name: 'state_hash', primaryKeyConstraintName: 'oauth_flows_pkey' })
  stateHash!: Buffer;

  /** A keyed hash of the cookie of the browser that began. */
  @Column('bytea', { name: 'browser_hash' })
  browserHash!: Buffer;

  @Column('text')
  provider!: string;

  @Column('text')
  purpose!: OAuthPurpose;

  /** Where the browser goes in the end: one of the allowed. */
  @Column('text', { name: 'redirect_uri' })
  redirectUri!: string;

  /** Of the client that began: S256, base64url (RFC 7636). */
  @Column('text', { name: 'code_challenge' })
  codeChallenge!: string;

  @Index('oauth_flows_expires_at_idx')
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
