import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { checkout } from '../../support/service-process.js';

type Dependencies = Record<string, { condition: string }>;

interface Mount {
  source: string;
  target: string;
  /** A folder or file beside docker-compose.yml, not a named volume. */
  isPath: boolean;
  isReadOnly: boolean;
}

/** A service as docker-compose.yml describes it; only what the tests ask about. */
export interface ComposeService {
  image?: string;
  build?: { context: string; dockerfile: string };
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  container_name?: string;
  privileged?: boolean;
  profiles?: string[];
  command?: string[];
  entrypoint?: string[];
  ports?: string[];
  expose?: string[];
  tmpfs?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
  depends_on?: Dependencies;
  networks?: string[] | Record<string, { ipv4_address?: string }>;
  network_mode?: string;
  healthcheck?: { test?: string[]; disable?: boolean };
  stop_grace_period?: string;
}

interface ComposeNetwork {
  internal?: boolean;
  ipam?: { config: { subnet: string; ip_range: string }[] };
}

interface ComposeFile {
  services: Record<string, ComposeService>;
  networks: Record<string, ComposeNetwork>;
  volumes: Record<string, unknown>;
}

export const composeText = readFileSync(path.join(checkout, 'docker-compose.yml'), 'utf8');

export function readComposeFile(): ComposeFile {
  return parse(composeText, { merge: true }) as ComposeFile;
}

export function service(name: string): ComposeService {
  const found = readComposeFile().services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}.`);
  return found;
}

/** The environment of a service, as compose passes it on when .env sets nothing. */
export function environmentOf(name: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(service(name).environment ?? {}).map(([variable, value]) => [
      variable,
      value.replace(/\$\{\w+:-([^}]*)\}/g, '$1'),
    ]),
  );
}

/** The variables that compose itself reads from .env. */
export function interpolatedVariables(): string[] {
  return [...composeText.matchAll(/(?<!\$)\$\{?(\w+)/g)].map(([, name]) => name!);
}

export function mountsOf(name: string): Mount[] {
  return (service(name).volumes ?? []).map((text) => {
    const [source = '', target = '', options = ''] = text.split(':');
    return { source, target, isPath: /^[./]/.test(source), isReadOnly: options.split(',').includes('ro') };
  });
}

export function networksOf(name: string): string[] {
  const networks = service(name).networks ?? [];
  return Array.isArray(networks) ? networks : Object.keys(networks);
}

/** `30s`, `2m` or `1m30s`. */
export function secondsOf(duration: string): number {
  const units: Record<string, number> = { h: 3600, m: 60, s: 1 };
  const parts = [...duration.matchAll(/(\d+)([hms])/g)];
  if (parts.map(([part]) => part).join('') !== duration) throw new Error(`${duration} is no duration.`);
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0);
}
