import { NotMigrated } from '../database/migrate';
import { ConfigurationError } from '../environment';
import { StartRefused } from '../reactions/discovery';

/** Why the program cannot go on, for the person at the terminal: one line, and the stack only where nobody foresaw it. */
export function reasonToStop(error: unknown): string {
  if (error instanceof ConfigurationError || error instanceof NotMigrated || error instanceof StartRefused)
    return error.message;
  const { code, message, stack } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `${message}: another program listens there; set PORT to another number`;
  if (code === '42501') return `the user of DATABASE_URL may not do what a start needs: ${message}`;
  if (code === 'SQLITE_NOTADB') return 'DATABASE_URL names a file that is not a database';
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'SQLITE_CANTOPEN') return message;
  return stack ?? String(error);
}
