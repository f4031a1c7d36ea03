import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { LetterData, LetterKind } from '../../mail/letters/letters.js';
import type { NoticeOrigin } from '../../mail/letters/notice.js';
import { MailOutbox } from '../../mail/outbox/mail-outbox.service.js';
import { UserLifecycle } from '../../users/user-lifecycle.js';
import { UsersService } from '../../users/users.service.js';
import { NotMeLinks } from './not-me/not-me-links.service.js';
import { RequestOrigin } from './request-origin.js';
import { SecurityNotices, type SecurityNotice } from './security-notices.js';

type Kind = SecurityNotice['kind'];
type NoticeOf<K extends Kind> = Extract<SecurityNotice, { kind: K }>;

type Written = { [L in LetterKind]: { kind: L; data: LetterData<L> } }[LetterKind] & {
  expiresAt?: Date;
  /** What must be stored for the letter to mean anything; only where one is sent. */
  keep?: (manager: EntityManager, emailNormalized: string) => Promise<void>;
};

interface Telling<K extends Kind> {
  /** How many letters of this kind an address is sent on one day (UTC) at most: nobody is to flood a mailbox. */
  atMost: number;
  /** The same of one that nobody has shown to be theirs: it may be a stranger's, whom its registrant floods. Default: 1. */
  atMostUnverified?: number;
  /** Where there is nobody to write to, a letter that has ended is written instead: the same statements and rows. */
  costsAlike?: true;
  write: (notice: NoticeOf<K>, origin: NoticeOrigin) => Written;
}

const DAILY = 10;
const DAILY_UNVERIFIED = 1;

/** What has ended when it is written is erased by the worker and never sent. */
const ENDED = new Date(0);
const NOWHERE = 'nobody@localhost';
const NOBODY = 0;

/** By a letter of its own, which what happened sends itself: it goes to another address, or must never be left out. */
const TOLD_ELSEWHERE = undefined;

/** Writes to the owner of an account what happened to it, in the transaction in which it happens. */
@Injectable()
export class NoticeLetters {
  /** A notice that has no line here does not compile. */
  private readonly tellings: { [K in Kind]: Telling<K> | typeof TOLD_ELSEWHERE } = {
    email_changed: TOLD_ELSEWHERE,
    email_reverted: TOLD_ELSEWHERE,
    refresh_reuse: { atMost: DAILY, write: (_, origin) => ({ kind: 'refreshReuse', data: { origin } }) },
    password_changed: {
      atMost: DAILY,
      write: (_, origin) => ({ kind: 'passwordChanged', data: { origin } }),
    },
    password_reset: {
      atMost: DAILY,
      write: ({ factorsRemoved }, origin) => ({
        kind: 'passwordResetDone',
        data: { origin, factorsRemoved },
      }),
    },
    password_replaced: {
      atMost: DAILY,
      // Where operators are is nobody's business.
      write: ({ factorsRemoved }, { at }) => ({
        kind: 'passwordReplaced',
        data: { origin: { at }, factorsRemoved },
      }),
    },
    username_changed: {
      atMost: DAILY,
      write: (_, origin) => ({ kind: 'usernameChanged', data: { origin } }),
    },
    mfa_changed: {
      atMost: DAILY,
      // Where an admin was when they did it is nobody's business.
      write: ({ change }, origin) => ({
        kind: 'mfaChanged',
        data: { origin: change === 'reset' ? { at: origin.at } : origin, change },
      }),
    },
    new_device: {
      atMost: DAILY,
      // Its link is the only way to end an intruder's session by mail.
      atMostUnverified: 3,
      write: (notice, origin) => this.writeOfNewDevice(notice, origin),
    },
    login_disowned: { atMost: DAILY, write: (_, origin) => ({ kind: 'loginDisowned', data: { origin } }) },
    // Anybody can fail at anybody's account.
    lockout: {
      atMost: 1,
      costsAlike: true,
      write: ({ seconds }, origin) => ({ kind: 'lockout', data: { origin, seconds } }),
    },
    // Only who has the password, or a session, gets this far.
    second_factor_lockout: {
      atMost: DAILY,
      write: ({ seconds, firstFactor }, origin) => ({
        kind: 'secondFactorLockout',
        data: { origin, seconds, firstFactor },
      }),
    },
    proof_lockout: {
      atMost: DAILY,
      write: ({ seconds }, origin) => ({ kind: 'proofLockout', data: { origin, seconds } }),
    },
    passkey_registered: {
      atMost: DAILY,
      write: (_, origin) => ({ kind: 'passkeyRegistered', data: { origin } }),
    },
    passkey_removed: { atMost: DAILY, write: (_, origin) => ({ kind: 'passkeyRemoved', data: { origin } }) },
    identity_linked: {
      atMost: DAILY,
      write: ({ provider }, origin) => ({ kind: 'identityLinked', data: { origin, provider } }),
    },
    identity_unlinked: {
      atMost: DAILY,
      write: ({ provider }, origin) => ({ kind: 'identityUnlinked', data: { origin, provider } }),
    },
    passkey_clone_suspected: {
      atMost: DAILY,
      write: (_, origin) => ({ kind: 'passkeyCloneSuspected', data: { origin } }),
    },
  };

  constructor(
    private readonly users: UsersService,
    private readonly outbox: MailOutbox,
    private readonly links: NotMeLinks,
    private readonly origin: RequestOrigin,
    notices: SecurityNotices,
    lifecycle: UserLifecycle,
  ) {
    lifecycle.on('usernameChanged', (manager, userId) =>
      notices.announce({ kind: 'username_changed', userId }, manager),
    );
    notices.on((notice, manager) => this.tell(notice, manager));
  }

  private async tell<K extends Kind>(notice: NoticeOf<K>, manager: EntityManager): Promise<void> {
    const telling: Telling<K> | typeof TOLD_ELSEWHERE = this.tellings[notice.kind];
    if (!this.outbox.isOpen || telling === TOLD_ELSEWHERE) return;
    const owner = await this.users.addressOf(manager, notice.userId ?? NOBODY);
    if (!owner && !telling.costsAlike) return;
    const origin = await this.origin.find();
    const { keep, ...letter } = telling.write(notice, origin);
    const { atMost, atMostUnverified = DAILY_UNVERIFIED } = telling;
    const share = {
      about: `notice:${notice.kind}:${origin.at.slice(0, 10)}`,
      address: owner?.emailNormalized ?? String(notice.userId ?? notice.name),
      atMost: owner?.isVerified ? atMost : Math.min(atMost, atMostUnverified),
    };
    const addressed = owner ? { ...letter, to: owner.email } : { ...letter, to: NOWHERE, expiresAt: ENDED };
    if ((await this.outbox.enqueueWithin(addressed, share, manager)) && owner)
      await keep?.(manager, owner.emailNormalized);
  }

  private writeOfNewDevice(notice: NoticeOf<'new_device'>, origin: NoticeOrigin): Written {
    const { token, hash, lifetimeSeconds } = this.links.draw();
    return {
      kind: 'newDevice',
      data: { origin, token, lifetimeSeconds },
      expiresAt: new Date(Date.parse(origin.at) + lifetimeSeconds * 1000),
      keep: (manager, emailNormalized) => this.links.keep(manager, { ...notice, emailNormalized }, hash),
    };
  }
}
