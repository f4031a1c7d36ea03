import { isEmailAddress } from '../../common/email-address-syntax.js';
import { flag, text, urlWith } from './value-types.js';
import { inSection } from './variable.js';

const smtpUrl = urlWith(['smtp:', 'smtps:'], (value) => new URL(value)).refine((value) => {
  const { hostname, searchParams } = new URL(value);
  const words = [...searchParams.entries()];
  return hostname !== '' && words.every(([name, word]) => name === 'tls' && word === 'off');
}, 'must name a host, and nothing behind it but ?tls=off');

/** `address` or `name <address>`, without anything that would need quoting. */
function isMailbox(value: string): boolean {
  const named = /^[^<>"(),:;@[\]\\\p{Cc}]+ <([^<>]+)>$/u.exec(value);
  return isEmailAddress(named?.[1] ?? value);
}

/** How mails go out, and from whom. */
export const MAIL = inSection('Mail', {
  MAIL_URL: {
    description:
      'The SMTP server: smtp://user:password@host:587, or smtps:// for TLS from the first byte. It must offer STARTTLS unless it is on this machine; ?tls=off sends in the clear. Without it, outside production, mails are shown at /dev/mail.',
    schema: smtpUrl.optional(),
    secret: true,
  },
  MAIL_FROM: {
    description:
      'Sender of all mails: an address, or a name and an address. Default: MC101 at the host of PUBLIC_URL.',
    schema: text
      .refine(isMailbox, 'must be an address such as votes@example.org, or Votes <votes@example.org>')
      .optional(),
  },
  MAIL_DISABLED: {
    description:
      'true: without MAIL_URL there are no mails at all, so no recovery of passwords and no notices. Production needs one of the two.',
    schema: flag(false),
    example: 'false',
  },
});
