import { OnApplicationShutdown } from '@nestjs/common';
import { createTransport, type NodemailerError } from 'nodemailer';
import { CALLS_AT_ONCE, Unrecoverable } from '../../platform/reactions/reaction.decorator';
import { Mail, Mailer } from './mailer';
import { messageOf } from './message';

/** How long to wait for a server that does not answer, in milliseconds. Parameters of the URL override them. */
const TIMEOUTS = { dnsTimeout: 5_000, connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 };
/** How long one letter may take, even with a server that says a little something every few seconds. */
const LONGEST = 30_000;

/** Hands letters to a mail server. */
export class SmtpMailer extends Mailer implements OnApplicationShutdown {
  private readonly pool;

  /** @param url `smtp://user:password@host:port`, or `smtps://` for TLS from the first byte */
  constructor(
    url: string,
    private readonly from: string,
  ) {
    super();
    // The pool would send a letter again when the connection breaks. That is for the reaction to decide, which counts.
    const once = { maxRequeues: 0 };
    // A letter that waits for a connection would spend its time on that.
    const connections = { maxConnections: CALLS_AT_ONCE };
    this.pool = createTransport({ url, pool: true, ...once, ...connections, ...TIMEOUTS });
  }

  protected async deliver(mail: Mail): Promise<void> {
    try {
      await this.pool.sendMail({ ...messageOf(mail, this.from), signal: AbortSignal.timeout(LONGEST) });
    } catch (error) {
      throw isRefusedForGood(error as NodemailerError)
        ? new Unrecoverable((error as Error).message, { cause: error })
        : error;
    }
  }

  onApplicationShutdown(): void {
    this.pool.close();
  }
}

/**
 * The server will never take this letter to this person. A wrong password or a sender that it does not like are refused
 * with the same codes, but those are ours to mend, and then every letter can go.
 */
const isRefusedForGood = ({ permanent, command }: NodemailerError): boolean =>
  permanent === true && (command === 'RCPT TO' || command === 'DATA');
