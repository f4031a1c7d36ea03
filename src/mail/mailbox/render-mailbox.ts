import path from 'node:path';
import { Eta } from 'eta';
import type { MailboxItem } from './mailbox.js';

const eta = new Eta({ views: path.resolve(import.meta.dirname, '..', 'templates'), cache: true });

/** The mailbox as a page without scripts; each mail stands in a frame that can do nothing but open links. */
export function renderMailbox(items: readonly MailboxItem[]): string {
  return eta.render('./mailbox.html.eta', { items });
}
