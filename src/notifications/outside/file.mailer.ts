import { access, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { Mail, Mailer } from './mailer';
import { messageOf } from './message';

/** Puts each letter into a directory, as the file that a mail server would be given (RFC 5322). */
export class FileMailer extends Mailer {
  private readonly composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });

  constructor(
    private readonly directory: string,
    private readonly from: string,
  ) {
    super();
  }

  protected async deliver(mail: Mail): Promise<void> {
    const file = join(this.directory, `${mail.messageId.slice(1, -1)}.eml`);
    if (await exists(file)) return;
    const { message } = await this.composer.sendMail(messageOf(mail, this.from));
    // Whoever watches the directory sees whole letters only. What a killed process has left is written over.
    const draft = `${file}.tmp`;
    await writeFile(draft, message as Buffer, { flush: true });
    await rename(draft, file);
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
