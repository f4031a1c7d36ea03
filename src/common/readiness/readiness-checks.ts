import { Injectable } from '@nestjs/common';

export const CHECK_STATES = ['ok', 'degraded', 'down', 'unavailable', 'off'] as const;
export type CheckState = (typeof CHECK_STATES)[number];

/** What a look at one part of the service showed. */
export interface Finding {
  status: CheckState;
  /** What is wrong and what to do about it. */
  detail?: string;
}

/** The parts of the service that `/ready` asks through their own module. */
export type ReadinessPart = 'backup' | 'redis' | 'mail';

/** Lets a module say how its part does, without `/ready` knowing the module. */
@Injectable()
export class ReadinessChecks {
  private readonly looks = new Map<ReadinessPart, () => Promise<Finding>>();
  private readonly overrides = new Map<ReadinessPart, () => Finding | undefined>();

  /** To be called from constructors. */
  register(part: ReadinessPart, look: () => Promise<Finding>): void {
    this.looks.set(part, look);
  }

  /** Lets a module say something of a part before the part itself is asked; undefined: nothing. To be called from constructors. */
  override(part: ReadinessPart, finding: () => Finding | undefined): void {
    this.overrides.set(part, finding);
  }

  /** A part that nobody answers for is off. Errors of the look are the caller's to understand. */
  async look(part: ReadinessPart): Promise<Finding> {
    return this.overrides.get(part)?.() ?? (await this.looks.get(part)?.()) ?? { status: 'off' };
  }
}
