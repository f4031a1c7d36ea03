import type { INestApplicationContext } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import type { AppConfig } from '../config/app-config.js';
import type { Env } from '../config/env.schema.js';
import type { ReadyResponse } from '../health/health.dto.js';
import type { DatabaseFacts } from './database-facts.repository.js';
import { off, type Finding } from './finding.js';
import type { Answer, Silence } from './probes/ask.js';
import type { OpenFile } from './probes/open-files.js';

/** The service's own modules on its database, and how ready they find themselves. */
export interface OpenedService {
  readonly modules: INestApplicationContext;
  readonly readiness: ReadyResponse;
}

/** A part that there may be no way to look into. */
export type Reached<T> = { readonly there: T } | Unreached;

export interface Unreached {
  /** In a clause, for every check that needs it. */
  readonly why: string;
  /** For the one check that tells of it. */
  readonly finding: Finding;
}

/** An installation, as far as it could be looked into. */
export interface Patient {
  readonly clock: Clock;
  readonly env: Env;
  readonly configProblems: readonly string[];
  /** Where the service is spoken to: itself, and as its clients do. */
  readonly directUrl: string;
  readonly publicUrl: string;
  readonly dataDir: string;
  readonly backupDir: string;
  /** Files with secrets that others could read before anything was opened. */
  readonly openFiles: readonly OpenFile[];
  readonly config: Reached<AppConfig>;
  readonly isEmbedded: boolean;
  readonly database: Reached<DatabaseFacts>;
  readonly service: Reached<OpenedService>;
  /** What `GET /` answered: at HOST:PORT, and at PUBLIC_URL. */
  readonly direct: Answer | Silence;
  readonly public: Answer | Silence;
}

/** One matter to look at. A new one is a file in checks/ and a line in checks.ts. */
export interface Check {
  readonly name: string;
  look(patient: Patient): Promise<readonly Finding[]> | readonly Finding[];
}

/** For a check of a part that cannot be looked into. */
export function notLookedAt({ why }: Unreached): readonly Finding[] {
  return [off(`Not looked at: ${why}.`)];
}
