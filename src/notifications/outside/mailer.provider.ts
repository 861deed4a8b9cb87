import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Provider } from '@nestjs/common';
import { ConfigurationError, Environment } from '../../platform/environment';
import { FileMailer } from './file.mailer';
import { LogMailer } from './log.mailer';
import { Mailer } from './mailer';
import { SmtpMailer } from './smtp.mailer';

/** The mailer that MAIL_URL asks for, sending as MAIL_FROM. @throws ConfigurationError */
export function mailerFor(environment: Environment): Mailer {
  const url = environment.text('MAIL_URL', 'log:');
  const from = environment.text('MAIL_FROM', 'Bookshelf <shop@bookshelf.example>', {
    matches: /^(?:[^<>@\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/,
    says: 'must be one address, such as Bookshelf <shop@bookshelf.example>',
  });
  if (url === 'log:') return new LogMailer();
  const directory = /^file:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (directory) return new FileMailer(made(directory), from);
  if (isSmtp(url)) return new SmtpMailer(url, from);
  // What it is instead is not told: there may be a password in it.
  throw new ConfigurationError(
    'MAIL_URL must be log:, file:<directory>, or smtp://<host>:<port> or smtps://<host>:<port>, with user:password@ before the host where needed',
  );
}

export const mailer: Provider = { provide: Mailer, inject: [Environment], useFactory: mailerFor };

function made(directory: string): string {
  const path = resolve(directory);
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new ConfigurationError(`MAIL_URL must be file:<directory> with one that can be made: ${String(error)}`);
  }
  return path;
}

function isSmtp(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return /^smtps?:$/.test(protocol) && hostname !== '';
}
