import { Logger } from '@nestjs/common';
import { oneLine } from '../model/letter';
import { Mail, Mailer } from './mailer';

/** Sends nothing, and says so in one line of the log. */
export class LogMailer extends Mailer {
  private readonly logger = new Logger('Mail');

  protected async deliver({ messageId, to, subject }: Mail): Promise<void> {
    this.logger.log(oneLine(`to ${to.email}: ${subject} ${messageId}`));
  }
}
