import { isIP } from 'node:net';
import { ENV, ENV_NAMES, type Env, type EnvName, type Variables } from './env.schema.js';
import { isLoopback } from './loopback.js';
import { readOpenidProviders } from './openid-providers.js';
import { readVariable, type RawEnv } from './read-variable.js';
import { problemsWithSocialLogin } from './social-login-problems.js';

/** The environment cannot be used. One message with everything that is wrong, by name, never by value. */
export class ConfigError extends Error {
  constructor(readonly problems: string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

const PRODUCTION_SECRETS = [
  'JWT_SECRET_KEY',
  'TOKEN_PEPPER',
  'APP_ENCRYPTION_KEY',
  'LOG_SIGNING_KEY',
] as const;
const MIN_SECRET_LENGTH = 32;
const LIMITS = ENV_NAMES.filter((name) => name.startsWith('RL_') || name.startsWith('LOGIN_FAIL_'));
const EVERY_ADDRESS = ['0.0.0.0', '::'];
const PLACEHOLDER = /change.?me|secret|password|example|placeholder/i;

/**
 * Reads every variable of the table once. `X_FILE` names a file that holds the value of `X`; an empty value counts
 * as absent.
 * @throws ConfigError that names every variable at fault.
 */
export function parseEnv(raw: RawEnv): Env {
  const { env, problems } = inspectEnv(raw);
  if (problems.length > 0) throw new ConfigError(problems);
  return env;
}

/**
 * Like `parseEnv`, for who has to go on with an environment that cannot be used: a variable that cannot be read has its
 * default, and everything that is wrong is told, by name, never by value.
 */
export function inspectEnv(raw: RawEnv): { env: Env; problems: string[] } {
  const problems: string[] = [];
  const entries = ENV_NAMES.map((name) => {
    const value = readVariable(name, raw, problems);
    const result = ENV[name].schema.safeParse(value);
    if (result.success) return [name, result.data];
    problems.push(`${name} ${result.error.issues.map((issue) => issue.message).join(', ')}.`);
    return [name, ENV[name].schema.parse(undefined)];
  });
  const variables = Object.fromEntries(entries) as Variables;
  const openidProviders = readOpenidProviders(raw);
  problems.push(...openidProviders.problems);
  const env: Env = { ...variables, openidProviders: openidProviders.providers };
  // What depends on several variables means nothing while one of them is a default that nobody chose.
  if (problems.length > 0) return { env, problems };
  problems.push(
    ...(env.NODE_ENV === 'production' ? problemsInProduction(env) : problemsOutsideProduction(env)),
  );
  problems.push(
    ...problemsWithPorts(env),
    ...problemsWithSocialLogin(env),
    ...(['TRUSTED_PROXIES', 'TRUSTED_CLIENT_NETWORKS'] as const)
      .filter((name) => env[name].some(isNotNetwork))
      .map((name) => `${name} must list addresses or CIDRs.`),
  );
  return { env, problems };
}

/** The files that secrets are read from (`X_FILE`), by the variable's name. */
export function secretFiles(raw: RawEnv): { name: EnvName; file: string }[] {
  return ENV_NAMES.flatMap((name) => {
    const file = raw[`${name}_FILE`];
    return file && 'secret' in ENV[name] ? [{ name, file }] : [];
  });
}

/** Whether a variable was given a value, also through a file: the defaults are nobody's choice. */
export function isSet(name: EnvName, raw: RawEnv): boolean {
  return Boolean(raw[name] || raw[`${name}_FILE`]);
}

function problemsInProduction(env: Env): string[] {
  const problems: string[] = [];
  for (const name of PRODUCTION_SECRETS) {
    const value = env[name];
    if (!value) problems.push(`${name} is missing; make one with: echo "k1:$(openssl rand -base64 32)".`);
    else if (isWeakSecret(value))
      problems.push(`${name} is weak; use at least ${MIN_SECRET_LENGTH} random characters.`);
  }
  if (!env.PUBLIC_URL)
    problems.push('PUBLIC_URL is missing; set the https:// address at which clients reach the service.');
  if (env.PUBLIC_URL?.startsWith('http:') && !isLoopback(new URL(env.PUBLIC_URL).hostname))
    problems.push('PUBLIC_URL must begin with https://: passwords and tokens travel to it.');
  if (env.SEED_DEMO_ACCOUNTS)
    problems.push('SEED_DEMO_ACCOUNTS must not be true in production: demo passwords are public.');
  if (env.ADMIN_PASSWORD && isWeakPassword(env.ADMIN_PASSWORD)) problems.push('ADMIN_PASSWORD is weak.');
  if (!env.MAIL_URL && !env.MAIL_DISABLED)
    problems.push(
      'MAIL_URL is missing; name the SMTP server, or set MAIL_DISABLED=true to go without mails.',
    );
  for (const name of LIMITS)
    if (env[name] === 0)
      problems.push(`${name}: 0, which switches it off, is only accepted outside production.`);
  problems.push(...problemsWithHashing(env));
  return problems;
}

function problemsOutsideProduction(env: Env): string[] {
  const problems: string[] = [];
  const remedy = 'is only accepted with NODE_ENV=production';
  if (!isLoopback(env.HOST)) problems.push(`HOST: an address other than loopback ${remedy}.`);
  if (env.PUBLIC_URL && !isThisMachine(new URL(env.PUBLIC_URL).hostname)) {
    problems.push(`PUBLIC_URL: an address other than localhost ${remedy}.`);
  }
  if (env.TRUSTED_PROXIES.length > 0) problems.push(`TRUSTED_PROXIES ${remedy}.`);
  if (env.NODE_ENV !== 'test') problems.push(...problemsWithHashing(env));
  return problems;
}

/** OWASP Password Storage Cheat Sheet: at least 19 MiB and two passes, or more memory with one. */
function problemsWithHashing(env: Env): string[] {
  const isEnough =
    env.ARGON2_MEMORY_KIB >= 19_456 && (env.ARGON2_TIME_COST >= 2 || env.ARGON2_MEMORY_KIB >= 47_104);
  return isEnough
    ? []
    : ['ARGON2_MEMORY_KIB and ARGON2_TIME_COST are weaker than 19456 KiB with 2 passes (OWASP).'];
}

/** 0 is any port that is free. */
function problemsWithPorts({ HOST, PORT, METRICS_HOST, METRICS_PORT }: Env): string[] {
  const shareHost =
    HOST === METRICS_HOST || EVERY_ADDRESS.includes(HOST) || EVERY_ADDRESS.includes(METRICS_HOST);
  return PORT !== 0 && PORT === METRICS_PORT && shareHost
    ? ['METRICS_PORT and PORT are the same; the metrics need a port of their own.']
    : [];
}

/** Too short, too monotonous, or a placeholder. */
export function isWeakSecret(value: string): boolean {
  return value.length < MIN_SECRET_LENGTH || PLACEHOLDER.test(value) || new Set(value).size < 10;
}

function isWeakPassword(value: string): boolean {
  return value.length < 12 || PLACEHOLDER.test(value);
}

/** Browsers take names under localhost to this machine too (RFC 6761 section 6.3); other programs may not. */
function isThisMachine(host: string): boolean {
  return isLoopback(host) || host.endsWith('.localhost');
}

function isNotNetwork(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return true;
  return bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
