import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { VERSION } from '../../common/version.js';
import { AppConfig } from '../../config/app-config.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';
import { KeyEvents } from '../key-events.js';
import { KeysRepository } from '../keys.repository.js';
import { KeysService } from '../keys.service.js';
import {
  RING_NAMES,
  spellRing,
  summarizeRings,
  type RecoveredRings,
  type RingSummary,
} from './recovered-rings.js';
import { sealRecoveryFile } from './recovery-file.js';
import { writeSecretFile } from './write-secret-file.js';

const REMINDER =
  'The keys stand in no recovery file yet, and no backup holds them: without them no note opens. Run "npm run cli -- keys:export FILE" and keep the file away from the backups.';

/** Writes the keys into a recovery file, and knows whether that was done. */
@Injectable()
export class KeyExportService {
  constructor(
    private readonly config: AppConfig,
    private readonly keys: KeysService,
    private readonly repository: KeysRepository,
    private readonly clock: Clock,
    private readonly events: KeyEvents,
  ) {}

  /**
   * Seals every ring of this service into a new file and notes which keys it holds.
   * @param passphrase judged by the caller
   * @returns what the file holds
   * @throws RecoveryFileError when the file exists or cannot be written
   */
  async export(file: string, passphrase: string): Promise<RingSummary[]> {
    const rings = this.rings();
    const createdAt = this.clock.now().toISOString();
    await writeSecretFile(file, await sealRecoveryFile(rings, passphrase, { service: VERSION, createdAt }));
    const { ids } = this.keys.ring;
    await this.repository.transaction(async (manager) => {
      await this.repository.markExported(manager, ids);
      await this.events.exported(manager, ids);
    });
    return summarizeRings(rings);
  }

  /** What to tell the operator until every key of APP_ENCRYPTION_KEY stands in a recovery file. */
  async reminders(): Promise<string[]> {
    const exported = new Set(await this.repository.listExportedIds());
    return this.keys.ring.ids.every((id) => exported.has(id)) ? [] : [REMINDER];
  }

  private rings(): RecoveredRings {
    const rings: RecoveredRings = {};
    for (const name of RING_NAMES) rings[name] = spellRing(parseKeyRing(name, this.config.secrets[name]));
    return rings;
  }
}
