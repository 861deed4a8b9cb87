import { callOut } from '../../platform/unit-of-work/outside-only';

/** A letter on its way out. */
export interface Mail {
  /** In angle brackets, and the same whenever this letter is sent: `<...@bookshelf>`. */
  readonly messageId: string;
  readonly to: { readonly name: string; readonly email: string };
  readonly subject: string;
  readonly text: string;
  /** The same in HTML, for whoever would rather read that. */
  readonly html?: string;
}

/** The way out for letters. Which one it is, MAIL_URL says. */
export abstract class Mailer {
  /**
   * Resolves when somebody else is answerable for the letter.
   *
   * @throws Unrecoverable when it has been refused for good
   * @throws InsideUnitOfWork when a transaction is open
   */
  async send(mail: Mail): Promise<void> {
    await callOut('a mail was sent', { ...mail }, () => this.deliver(mail), undefined);
  }

  protected abstract deliver(mail: Mail): Promise<void>;
}
