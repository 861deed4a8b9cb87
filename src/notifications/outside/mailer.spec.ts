import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { AddressInfo, createServer, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Logger } from '@nestjs/common';
import { SMTPServer, SMTPServerOptions } from 'smtp-server';
import { Unrecoverable } from '../../platform/reactions/reaction.decorator';
import { Cause } from '../../platform/unit-of-work/cause';
import { Scope, withinScope } from '../../platform/unit-of-work/scope';
import { Transaction } from '../../platform/unit-of-work/transaction';
import { FileMailer } from './file.mailer';
import { LogMailer } from './log.mailer';
import { Mail, Mailer } from './mailer';
import { SmtpMailer } from './smtp.mailer';

const letter: Mail = {
  messageId: '<0123abc@bookshelf>',
  to: { name: 'Alice Johnson', email: 'alice@example.com' },
  subject: 'Your order is on its way (42)',
  text: 'Dear Alice Johnson,\n\nYour tracking number is JD0146.\n',
};
const from = 'Bookshelf <shop@bookshelf.example>';

/** Reads a message as a mail program does. */
function readMessage(raw: Buffer): { headers: Record<string, string>; body: string } {
  const [, head, content] = /^(.*?)\r\n\r\n(.*)$/s.exec(raw.toString('latin1'))!;
  const unfolded = head.replace(/\r\n(?=[ \t])/g, '');
  const headers = Object.fromEntries(
    unfolded.split('\r\n').map((line) => {
      const [, name, value] = /^([!-9;-~]+): ?(.*)$/.exec(line)!;
      return [name.toLowerCase(), value];
    }),
  );
  const encoding = headers['content-transfer-encoding'];
  if (encoding === 'base64') return { headers, body: Buffer.from(content, 'base64').toString() };
  if (encoding === 'quoted-printable') return { headers, body: unquoted(content.replace(/=\r\n/g, '')).toString() };
  return { headers, body: content };
}

const unquoted = (text: string): Buffer =>
  Buffer.from(
    text.replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16))),
    'latin1',
  );

/** A header with its encoded words (RFC 2047) read out. */
const decoded = (header: string): string =>
  header
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?UTF-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      (kind.toUpperCase() === 'B' ? Buffer.from(word, 'base64') : unquoted(word.replace(/_/g, ' '))).toString(),
    );

describe('A letter told to the log', () => {
  it('is one line, whatever is in it', async () => {
    const log = jest.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
    await new LogMailer().send({ ...letter, to: { name: 'Alice', email: 'alice@example.com\nERROR' } });
    expect(log.mock.calls).toEqual([['to alice@example.com ERROR: Your order is on its way (42) <0123abc@bookshelf>']]);
    log.mockRestore();
  });
});

describe('A letter put into a directory', () => {
  let directory: string;
  let mailer: FileMailer;
  const file = () => join(directory, '0123abc@bookshelf.eml');
  const sent = async (change: Partial<Mail> = {}) => {
    await mailer.send({ ...letter, ...change });
    return readMessage(readFileSync(file()));
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mail-'));
    mailer = new FileMailer(directory, from);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is a whole message, as RFC 5322 has it', async () => {
    const { headers, body } = await sent();
    expect(headers).toMatchObject({
      'message-id': '<0123abc@bookshelf>',
      from: 'Bookshelf <shop@bookshelf.example>',
      to: 'Alice Johnson <alice@example.com>',
      subject: 'Your order is on its way (42)',
      'auto-submitted': 'auto-generated',
      'mime-version': '1.0',
      'content-type': 'text/plain; charset=utf-8',
    });
    expect(new Date(headers.date).getTime()).not.toBeNaN();
    expect(body).toBe('Dear Alice Johnson,\r\n\r\nYour tracking number is JD0146.\r\n');
  });

  it('says the same in plain text and in HTML, of which mail programs show the last that they can', async () => {
    const { headers, body } = await sent({ html: '<p>Liebe Zoë &amp; Co.</p>\n' });
    const [, boundary] = /^multipart\/alternative; boundary="([^"]+)"$/.exec(headers['content-type'])!;
    const [, ...parts] = body.split(`--${boundary}`);
    expect(parts.pop()).toBe('--\r\n');
    expect(parts.map((part) => readMessage(Buffer.from(part.slice(2, -2), 'latin1')))).toMatchObject([
      { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: letter.text.replaceAll('\n', '\r\n') },
      { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<p>Liebe Zoë &amp; Co.</p>\r\n' },
    ]);
  });

  it('ends each of its lines with CR and LF, and has no long ones', async () => {
    const long = `${letter.text}${'x'.repeat(2000)}\n.\nFrom here on\n`;
    await sent({ text: long, html: long });
    const raw = readFileSync(file(), 'latin1');
    expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78);
  });

  it('says what it says in any script', async () => {
    const text = 'Liebe Zoë,\n\n1 x 吾輩は猫である at 12.00 USD 🐈\n';
    const { headers, body } = await sent({
      to: { name: 'Zoë "Zo" Müller, 博士', email: 'zoe@example.com' },
      subject: 'Übermäßig lange Betreffzeile über 吾輩は猫である und noch ein paar Wörter mehr (42)',
      text,
    });
    expect(readFileSync(file(), 'latin1')).toMatch(/^[\x20-\x7e\r\n]*$/);
    expect(decoded(headers.to)).toBe('Zoë "Zo" Müller, 博士 <zoe@example.com>');
    expect(decoded(headers.subject)).toBe(
      'Übermäßig lange Betreffzeile über 吾輩は猫である und noch ein paar Wörter mehr (42)',
    );
    expect(body).toBe(text.replaceAll('\n', '\r\n'));
  });

  it.each(['\r\n', '\n', '\r', '\u2028'])(
    'has no header that somebody has put into a name or a subject: %j',
    async (end) => {
      const { headers } = await sent({
        to: { name: `Alice${end}Bcc: eve@example.com${end}${end}Hello`, email: 'alice@example.com' },
        subject: `Your order${end}Bcc: eve@example.com`,
      });
      expect(headers.bcc).toBeUndefined();
      expect(decoded(headers.to)).toBe('"Alice Bcc: eve@example.com Hello" <alice@example.com>');
      expect(decoded(headers.subject)).toBe('Your order Bcc: eve@example.com');
    },
  );

  it('may be for somebody whose name is not known', async () => {
    expect((await sent({ to: { name: '', email: 'alice@example.com' } })).headers.to).toBe('alice@example.com');
  });

  it('goes to one person, whatever the address says', async () => {
    const { headers } = await sent({ to: { name: 'Alice', email: 'alice@example.com\r\nBcc: eve@example.com' } });
    expect(headers.bcc).toBeUndefined();
    expect(headers.to).not.toContain('eve@example.com>');
  });

  it('is put there once, and nothing else lies beside it', async () => {
    const first = await sent();
    expect(await sent({ subject: 'Something else' })).toEqual(first);
    expect(readdirSync(directory)).toEqual(['0123abc@bookshelf.eml']);
  });

  it('is not sent when the directory is gone', async () => {
    mailer = new FileMailer(join(directory, 'gone'), from);
    await expect(mailer.send(letter)).rejects.toThrow('ENOENT');
  });
});

describe('A letter handed to a mail server', () => {
  const taken: { to: string[]; message: ReturnType<typeof readMessage> }[] = [];
  let connections = 0;
  let server: SMTPServer | Server;
  let mailer: SmtpMailer;

  const listening = async (one: SMTPServer | Server) => {
    server = one;
    const socket = one instanceof SMTPServer ? one.server : one;
    await new Promise<void>((done) => one.listen(0, '127.0.0.1', done));
    return `127.0.0.1:${(socket.address() as AddressInfo).port}`;
  };
  const serve = async (options: SMTPServerOptions = {}) => {
    const place = await listening(
      new SMTPServer({
        disabledCommands: ['STARTTLS', 'AUTH'],
        logger: false,
        closeTimeout: 100,
        onConnect: (_, done) => {
          connections++;
          done();
        },
        onData: (stream, { envelope }, done) =>
          void buffer(stream).then((raw) => {
            taken.push({ to: envelope.rcptTo.map(({ address }) => address), message: readMessage(raw) });
            done();
          }),
        ...options,
      }),
    );
    mailer = new SmtpMailer(`smtp://${place}`, from);
  };
  const refusing = (code: number, text: string) => (_: unknown, __: unknown, done: (error?: Error) => void) =>
    done(Object.assign(new Error(text), { responseCode: code }));

  beforeEach(() => {
    taken.length = connections = 0;
  });
  afterEach(async () => {
    mailer.onApplicationShutdown();
    await new Promise<void>((done) => server.close(() => done()));
  });

  it('is taken as it is', async () => {
    await serve();
    await mailer.send({ ...letter, to: { name: 'Zoë', email: 'zoe@example.com' }, subject: 'Bücher (42)' });
    expect(taken).toHaveLength(1);
    const [{ to, message }] = taken;
    expect(to).toEqual(['zoe@example.com']);
    expect(message.headers).toMatchObject({ 'message-id': '<0123abc@bookshelf>', from });
    expect(decoded(message.headers.to)).toBe('Zoë <zoe@example.com>');
    expect(decoded(message.headers.subject)).toBe('Bücher (42)');
    expect(message.body).toBe(letter.text.replaceAll('\n', '\r\n'));
  });

  it('goes over the connection of the one before', async () => {
    await serve();
    for (let at = 0; at < 5; at++) await mailer.send(letter);
    expect(taken).toHaveLength(5);
    expect(connections).toBe(1);
  });

  it('goes to one person, whatever the address says', async () => {
    await serve();
    await mailer
      .send({ ...letter, to: { name: 'A', email: 'alice@example.com>\r\nRCPT TO:<eve@example.com' } })
      .catch(() => 0);
    expect(taken.flatMap(({ to }) => to)).not.toContain('eve@example.com');
  });

  it.each([550, 553, 554])('is given up when the server does not take it for this person: %i', async (code) => {
    await serve({ onRcptTo: refusing(code, 'no such person') });
    await expect(mailer.send(letter)).rejects.toThrow(Unrecoverable);
    await expect(mailer.send(letter)).rejects.toThrow(`${code} no such person`);
  });

  it('is given up when the server does not take what it says', async () => {
    await serve({
      onData: (stream, _, done) => void buffer(stream).then(() => refusing(554, 'looks like spam')(0, 0, done)),
    });
    await expect(mailer.send(letter)).rejects.toThrow(Unrecoverable);
  });

  it.each<[string, SMTPServerOptions]>([
    ['is out of the mailbox for now', { onRcptTo: refusing(450, 'later') }],
    ['is short of room', { onRcptTo: refusing(452, 'later') }],
    ['does not like the sender', { onMailFrom: refusing(550, 'later') }],
    [
      'has no time',
      { onData: (stream, _, done) => void buffer(stream).then(() => refusing(451, 'later')(0, 0, done)) },
    ],
    ['hangs up', { onConnect: (_, done) => done(Object.assign(new Error('later'), { responseCode: 554 })) }],
  ])('can be sent later when the server %s', async (_, options) => {
    await serve(options);
    const error: unknown = await mailer.send(letter).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(Unrecoverable);
    expect(String(error)).toContain('later');
    expect(taken).toEqual([]);
  });

  it('can be sent later when the password is wrong', async () => {
    await serve({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: (_, __, done) => done(new Error('wrong password')),
    });
    const { port } = (server as SMTPServer).server.address() as AddressInfo;
    mailer = new SmtpMailer(`smtp://shop:secret@127.0.0.1:${port}`, from);
    const error: unknown = await mailer.send(letter).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'EAUTH', responseCode: 535 });
    expect(error).not.toBeInstanceOf(Unrecoverable);
    expect(String(error)).not.toContain('secret');
  });

  it('is not waited for when the server says nothing', async () => {
    const place = await listening(createServer((socket) => socket.on('error', () => undefined)));
    mailer = new SmtpMailer(`smtp://${place}?greetingTimeout=100`, from);
    await expect(mailer.send(letter)).rejects.toThrow('Greeting never received');
  });

  it('is offered once when the connection breaks, so that each attempt is counted', async () => {
    let attempts = 0;
    const place = await listening(
      createServer((socket) => {
        attempts++;
        socket.destroy();
      }),
    );
    mailer = new SmtpMailer(`smtp://${place}`, from);
    await expect(mailer.send(letter)).rejects.toThrow();
    expect(attempts).toBe(1);
  });

  it('can be sent later when there is no server', async () => {
    const place = await listening(createServer());
    await new Promise<void>((done) => server.close(() => done()));
    mailer = new SmtpMailer(`smtp://${place}`, from);
    await expect(mailer.send(letter)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('Any letter', () => {
  class Postman extends Mailer {
    readonly letters: Mail[] = [];
    protected async deliver(mail: Mail): Promise<void> {
      this.letters.push(mail);
    }
  }

  it('is never sent while a transaction is open', async () => {
    const postman = new Postman();
    const cause: Cause = { correlationId: 'c1', causationId: 'c1', raisedBy: 'a test', actor: 'a test' };
    const scope = new Scope(new Transaction(undefined!, 0), cause);
    await expect(withinScope(scope, () => postman.send(letter))).rejects.toThrow(
      'a mail was sent inside a unit of work',
    );
    expect(postman.letters).toEqual([]);
  });
});
