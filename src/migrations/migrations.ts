import { CreateCore1795150000000 } from './1795150000000-create-core.js';
import { AddBackups1795190000000 } from './1795190000000-add-backups.js';
import { AddAuditLog1795200000000 } from './1795200000000-add-audit-log.js';
import { AddRefresh1795210000000 } from './1795210000000-add-refresh.js';
import { AddLockouts1795220000000 } from './1795220000000-add-lockouts.js';
import { AddInvitations1795230000000 } from './1795230000000-add-invitations.js';
import { AddMail1795240000000 } from './1795240000000-add-mail.js';
import { AddOneTimeCodes1795250000000 } from './1795250000000-add-one-time-codes.js';
import { AddNotices1795255000000 } from './1795255000000-add-notices.js';
import { AddMfa1795260000000 } from './1795260000000-add-mfa.js';
import { AddPasskeys1795270000000 } from './1795270000000-add-passkeys.js';
import { AddTokenKeyRings1795280000000 } from './1795280000000-add-token-key-rings.js';
import { GiveMailsTime1795281000000 } from './1795281000000-give-mails-time.js';
import { BindRecovery1795285000000 } from './1795285000000-bind-recovery.js';
import { AddSocialLogin1795290000000 } from './1795290000000-add-social-login.js';

/** Every migration, oldest first. */
export const MIGRATIONS = [
  CreateCore1795150000000,
  AddBackups1795190000000,
  AddAuditLog1795200000000,
  AddRefresh1795210000000,
  AddLockouts1795220000000,
  AddInvitations1795230000000,
  AddMail1795240000000,
  AddOneTimeCodes1795250000000,
  AddNotices1795255000000,
  AddMfa1795260000000,
  AddPasskeys1795270000000,
  AddTokenKeyRings1795280000000,
  GiveMailsTime1795281000000,
  BindRecovery1795285000000,
  AddSocialLogin1795290000000,
];
