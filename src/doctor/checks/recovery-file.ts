import { KeyExportService } from '../../keys/recovery/key-export.service.js';
import { notLookedAt, type Check } from '../check.js';
import { orElse, warning } from '../finding.js';

export const recoveryFile: Check = {
  name: 'recovery file',
  look: async ({ service }) => {
    if ('why' in service) return notLookedAt(service);
    const reminders = await service.there.modules.get(KeyExportService).reminders();
    return orElse(
      reminders.map((reminder) => warning(reminder, 'npm run cli -- keys:export FILE')),
      'Every key of APP_ENCRYPTION_KEY was exported.',
    );
  },
};
