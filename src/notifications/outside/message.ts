import { oneLine } from '../model/letter';
import { Mail } from './mailer';

/** A letter in the words of nodemailer, which knows how headers and texts are written on the wire. */
export const messageOf = ({ messageId, to, subject, text, html }: Mail, from: string) => ({
  messageId,
  from,
  to: { name: oneLine(to.name), address: to.email },
  subject: oneLine(subject),
  text: onTheWire(text),
  html: html && onTheWire(html),
  // RFC 3834: no "I am out of office" in reply, please.
  headers: { 'Auto-Submitted': 'auto-generated' },
});

const onTheWire = (text: string): string => text.replace(/\r?\n/g, '\r\n');
