import type { Check } from '../check.js';
import { orElse, warning } from '../finding.js';

export const secretFiles: Check = {
  name: 'secret files',
  look: ({ openFiles }) =>
    orElse(
      openFiles.map(({ file, mode }) =>
        warning(
          `Every user of this machine can read ${file} (${mode}).`,
          `chmod 600 ${file}, as the user of the service; where somebody may have read it, rotate the keys (deploy/README.md, Key rotation).`,
        ),
      ),
      'No other user of this machine can read them.',
    ),
};
