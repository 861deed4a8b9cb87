import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, Environment } from '../../platform/environment';
import { FileMailer } from './file.mailer';
import { LogMailer } from './log.mailer';
import { mailerFor } from './mailer.provider';
import { SmtpMailer } from './smtp.mailer';

const mailerOf = (variables: Record<string, string>) => mailerFor(new Environment(variables));

describe('MAIL_URL', () => {
  let home: string;
  beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'mail-'))));
  afterEach(() => rmSync(home, { recursive: true }));

  it('may be left out: letters are told to the log', () => {
    expect(mailerOf({})).toBeInstanceOf(LogMailer);
    expect(mailerOf({ MAIL_URL: 'log:' })).toBeInstanceOf(LogMailer);
  });

  it.each(['file:', 'file://'])('names a directory, which is made: %s', (scheme) => {
    const directory = join(home, 'letters', 'out');
    expect(mailerOf({ MAIL_URL: `${scheme}${directory}` })).toBeInstanceOf(FileMailer);
    expect(existsSync(directory)).toBe(true);
  });

  it('names no directory that cannot be made', () => {
    writeFileSync(join(home, 'letters'), 'a file');
    expect(() => mailerOf({ MAIL_URL: `file:${join(home, 'letters')}` })).toThrow(ConfigurationError);
    expect(() => mailerOf({ MAIL_URL: `file:${join(home, 'letters')}` })).toThrow(/^MAIL_URL .* can be made/);
  });

  it.each(['smtp://localhost:2525', 'smtps://shop:secret@mail.example:465', 'smtp://[::1]:25'])(
    'names a mail server: %s',
    (url) => {
      const mailer = mailerOf({ MAIL_URL: url }) as SmtpMailer;
      expect(mailer).toBeInstanceOf(SmtpMailer);
      mailer.onApplicationShutdown();
    },
  );

  it.each([
    'log',
    'file:',
    'smtp:',
    'smtp://',
    'smtp://:secret@',
    'smtp://mail:secret@host:port',
    'https://secret',
    'x',
  ])('is nothing else, and what it is stays secret: %s', (url) => {
    expect(() => mailerOf({ MAIL_URL: url })).toThrow(ConfigurationError);
    expect(() => mailerOf({ MAIL_URL: url })).toThrow(/^MAIL_URL must be log:, (?!.*secret)/);
  });
});

describe('MAIL_FROM', () => {
  it.each([
    'shop@bookshelf.example',
    'Bücher & Mehr <shop@bookshelf.example>',
    '"Books, Inc." <shop@bookshelf.example>',
  ])('is an address: %s', (from) => expect(() => mailerOf({ MAIL_FROM: from })).not.toThrow());

  it.each(['Bookshelf', 'a@example.com, b@example.com', 'Bookshelf <shop>', 'Shop\nBcc: <eve@example.com>'])(
    'is nothing else: %j',
    (from) => expect(() => mailerOf({ MAIL_FROM: from })).toThrow(/^MAIL_FROM must be one address/),
  );
});
