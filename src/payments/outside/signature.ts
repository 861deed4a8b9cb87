import { createHmac, timingSafeEqual } from 'node:crypto';
import { SignatureRefused } from '../model/payments.errors';

/** How far the time of a signature may be off, in either direction, in seconds. */
const WINDOW = 5 * 60;

const SIGNATURE = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/i;

/**
 * What the provider says in `Payment-Signature` of a message.
 *
 * @param seconds since 1970, when it is sent
 * @param body the bytes as they are sent: the same JSON in other words has another signature
 */
export const signatureOf = (secret: string, seconds: number, body: Buffer): string =>
  `t=${seconds},v1=${digestOf(secret, String(seconds), body).toString('hex')}`;

/**
 * Makes sure that a message is the provider's, and a new one.
 *
 * @param signature the `Payment-Signature` of the message
 * @param body the bytes as they have come
 * @throws SignatureRefused when it is missing, malformed, too old or too far ahead, or wrong
 */
export function assertSigned(secret: string, signature: string | undefined, body: Buffer, now: Date): void {
  if (signature === undefined) throw new SignatureRefused('missing');
  const [, seconds, digest] = SIGNATURE.exec(signature) ?? [];
  if (!seconds) throw new SignatureRefused('malformed');
  if (Math.abs(now.getTime() / 1000 - Number(seconds)) > WINDOW) throw new SignatureRefused('stale');
  if (!timingSafeEqual(Buffer.from(digest, 'hex'), digestOf(secret, seconds, body))) {
    throw new SignatureRefused('wrong');
  }
}

const digestOf = (secret: string, seconds: string, body: Buffer): Buffer =>
  createHmac('sha256', secret).update(`${seconds}.`).update(body).digest();
