import { z } from 'zod';
import { readVariable, type RawEnv } from './read-variable.js';
import { text, webUrl, words } from './variables/value-types.js';

/** What a login at a provider counts as having shown a second factor by: the claims `acr` and `amr` of its ID tokens. */
export interface SecondFactorClaims {
  acr: readonly string[];
  amr: readonly string[];
}

/** An OpenID Connect provider that the operator chose. */
export interface OpenidProviderSettings {
  /** In paths: lower-case letters and digits. */
  name: string;
  /** As people read it. */
  title: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  scopes: readonly string[];
  secondFactor: SecondFactorClaims;
}

/** Whose issuer stands for many: a token's own has to be checked by rules that only the built-in provider has. */
const OF_MICROSOFT = /^https:\/\/login\.microsoftonline\.com\/(?:common|organizations|consumers)(?:\/|$)/;

const SCOPES = ['openid', 'email', 'profile'];

/** The variables of one provider, by what follows its name in theirs. `.env.example` is made from this table. */
export const OPENID_PROVIDER = {
  ISSUER: {
    description:
      'The issuer of the provider, to the letter as its discovery document names it, without /.well-known/….',
    schema: webUrl
      .refine(
        (issuer) => !/\/\.well-known\/|[?#]/.test(issuer),
        'must be the issuer itself, without /.well-known/, query and fragment',
      )
      .refine(
        (issuer) => !OF_MICROSOFT.test(issuer),
        'must not be that of many tenants of Microsoft: OAUTH_MICROSOFT_CLIENT_ID is for them',
      ),
  },
  CLIENT_ID: { description: 'What the provider calls this service.', schema: text },
  CLIENT_SECRET: { description: 'The secret that the provider gave to this service.', schema: text },
  SCOPES: {
    description: 'What is asked for, space-separated. Default: openid email profile.',
    schema: words.refine((scopes) => scopes.length === 0 || scopes.includes('openid'), 'must include openid'),
  },
  TITLE: {
    description: 'How people know the provider, up to 40 characters. Default: its name in the variable.',
    schema: text.regex(/^[^\p{C}]{1,40}$/u, 'must have 1 to 40 printable characters').optional(),
  },
  MFA_ACR: {
    description:
      'Values of `acr` that count as a second factor, space-separated; they are asked for. Default: none.',
    schema: words,
  },
  MFA_AMR: {
    description: 'Values of `amr` that count as a second factor, space-separated. Default: none.',
    schema: words,
  },
};

const FIELDS = Object.keys(OPENID_PROVIDER) as (keyof typeof OPENID_PROVIDER)[];
const SHAPE = z.object({
  ISSUER: OPENID_PROVIDER.ISSUER.schema,
  CLIENT_ID: OPENID_PROVIDER.CLIENT_ID.schema,
  CLIENT_SECRET: OPENID_PROVIDER.CLIENT_SECRET.schema,
  SCOPES: OPENID_PROVIDER.SCOPES.schema,
  TITLE: OPENID_PROVIDER.TITLE.schema,
  MFA_ACR: OPENID_PROVIDER.MFA_ACR.schema,
  MFA_AMR: OPENID_PROVIDER.MFA_AMR.schema,
});

const PREFIX = 'OAUTH_OIDC_';
const VARIABLE =
  /^OAUTH_OIDC_([A-Z0-9]{1,32})_(?:ISSUER|CLIENT_ID|CLIENT_SECRET|SCOPES|TITLE|MFA_ACR|MFA_AMR)(?:_FILE)?$/;
/** They have variables and paths of their own. */
const TAKEN = ['google', 'facebook', 'microsoft', 'providers', 'exchange'];

/** The providers that variables of the form `OAUTH_OIDC_<NAME>_…` describe, and what is wrong with those variables. */
export function readOpenidProviders(raw: RawEnv): {
  providers: OpenidProviderSettings[];
  problems: string[];
} {
  const problems: string[] = [];
  const names = new Set<string>();
  for (const variable of Object.keys(raw).filter((key) => key.startsWith(PREFIX))) {
    const name = VARIABLE.exec(variable)?.[1];
    if (name !== undefined) names.add(name);
    else
      problems.push(
        `${variable} is not known; after ${PREFIX} come a name of capital letters and digits, and one of ${FIELDS.join(', ')}.`,
      );
  }
  const providers = [...names].sort().flatMap((name) => readProvider(name, raw, problems) ?? []);
  return { providers, problems };
}

function readProvider(name: string, raw: RawEnv, problems: string[]): OpenidProviderSettings | undefined {
  const known = problems.length;
  if (TAKEN.includes(name.toLowerCase())) problems.push(`${PREFIX}${name}_… is taken; choose another name.`);
  const given = Object.fromEntries(
    FIELDS.map((field) => [field, readVariable(`${PREFIX}${name}_${field}`, raw, problems)]),
  );
  // Names left empty are no provider.
  if (Object.values(given).every((value) => value === undefined)) return undefined;
  const result = SHAPE.safeParse(given);
  for (const {
    path: [field],
    message,
    input,
  } of result.error?.issues ?? [])
    problems.push(
      `${PREFIX}${name}_${String(field)} ${input === undefined && given[String(field)] === undefined ? 'is missing' : message}.`,
    );
  if (!result.success || problems.length > known) return undefined;
  const { ISSUER, CLIENT_ID, CLIENT_SECRET, SCOPES: scopes, TITLE, MFA_ACR, MFA_AMR } = result.data;
  return {
    name: name.toLowerCase(),
    title: TITLE ?? name,
    issuer: ISSUER,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    scopes: scopes.length > 0 ? scopes : SCOPES,
    secondFactor: { acr: MFA_ACR, amr: MFA_AMR },
  };
}
