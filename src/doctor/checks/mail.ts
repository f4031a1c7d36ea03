import type { Check } from '../check.js';
import { off } from '../finding.js';

export const mail: Check = {
  name: 'mail',
  look: () => [off('Mail is not part of this version.')],
};
