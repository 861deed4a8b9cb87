import { createHash } from 'node:crypto';

/**
 * The Message-ID (RFC 5322) of the letter that tells this person of this event. The same letter always has the same one,
 * so that a mail server, or a reader, can tell a second copy from a second letter.
 */
export function messageId(eventId: string, recipientEmail: string, kind: string): string {
  const letter = JSON.stringify([eventId, recipientEmail, kind]);
  return `<${createHash('sha256').update(letter).digest('hex').slice(0, 32)}@bookshelf>`;
}
