import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import type { KeyRing } from '../../crypto/key-ring.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';
import { KeyEvents, type RingChange } from '../key-events.js';
import { TokenKeyRingsRepository, type NotedRing } from './token-key-rings.repository.js';

/** The variables whose keys no row is wrapped with: nothing else would show that one of them is another one. */
const VARIABLES = ['JWT_SECRET_KEY', 'LOG_SIGNING_KEY', 'TOKEN_PEPPER'] as const;

const FINGERPRINT_CONTEXT = 'mc101/key-fingerprint/v1';

/**
 * Knows the rings of token keys from one start to the next. Whoever puts a key of their own into the environment makes
 * tokens that count; this leaves a trace of it.
 */
@Injectable()
export class TokenKeyRingsService {
  constructor(
    private readonly repository: TokenKeyRingsRepository,
    private readonly events: KeyEvents,
    private readonly config: AppConfig,
  ) {}

  /**
   * Tells of each ring that is another one than at the last start, whichever process that was: once, however many
   * start with it. The first start of all has nothing to compare with. For services, not for commands.
   */
  async compareAtStart(): Promise<void> {
    const rings = VARIABLES.map((variable) => ({
      variable,
      ring: parseKeyRing(variable, this.config.secrets[variable]),
    }));
    await this.repository.transaction(async (manager) => {
      // Always in the same order: of many that start at once none waits for another in a circle.
      for (const { variable, ring } of rings) {
        const present = describe(variable, ring);
        const before = await this.repository.note(manager, present);
        if (before) await this.events.ringChanged(manager, changeOf(before, present, ring.current.id));
      }
    });
  }
}

function describe(variable: string, ring: KeyRing): NotedRing {
  return {
    variable,
    keyIds: ring.ids,
    fingerprints: ring.ids.map((id) => deriveSubkey(ring.find(id), FINGERPRINT_CONTEXT).toString('hex')),
  };
}

function changeOf(before: NotedRing, present: NotedRing, writes: string): RingChange {
  const fingerprintIn = ({ keyIds, fingerprints }: NotedRing, id: string) => fingerprints[keyIds.indexOf(id)];
  const [was, is] = [before.keyIds, present.keyIds];
  return {
    ring: present.variable,
    added: is.filter((id) => !was.includes(id)),
    removed: was.filter((id) => !is.includes(id)),
    replaced: is.filter((id) => was.includes(id) && fingerprintIn(before, id) !== fingerprintIn(present, id)),
    writes,
  };
}
