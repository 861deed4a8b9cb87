import { createHash } from 'node:crypto';

/**
 * The Message-ID (RFC 5322) of the letter that tells this person of this event. It is always the same one, however often
 * the mail is given the letter, so that a mail server, or a reader, shows it once. A copy that was asked for has another
 * one, as it would not be shown otherwise.
 *
 * @param copy 1 for the letter as it went out first
 */
export function messageId(eventId: string, recipientEmail: string, kind: string, copy: number): string {
  const letter = JSON.stringify([eventId, recipientEmail, kind, ...(copy > 1 ? [copy] : [])]);
  return `<${createHash('sha256').update(letter).digest('hex').slice(0, 32)}@bookshelf>`;
}
