import { Client } from 'pg';
import { Database, Statement } from 'sqlite3';

/** What is loaded before a program that `dyingAt` ends: it sees every statement on its way to the database. */
const patterns = (JSON.parse(process.env.DEATH ?? '[]') as string[]).map((text) => ({
  after: text.startsWith('after '),
  pattern: new RegExp(text.replace(/^after /, '')),
}));

type Send = (this: unknown, ...args: unknown[]) => unknown;

function watch(target: object, method: string, sqlOf: (self: unknown, args: unknown[]) => string): void {
  const methods = target as Record<string, Send>;
  const send = methods[method];
  methods[method] = function (...args) {
    const next = patterns[0];
    if (!next?.pattern.test(sqlOf(this, args))) return send.apply(this, args);
    patterns.shift();
    if (patterns.length > 0) return send.apply(this, args);
    if (!next.after) return die();
    return send.apply(this, [...args.filter((arg) => typeof arg !== 'function'), die]);
  };
}

const die = () => process.kill(process.pid, 'SIGKILL');

const sqls = new WeakMap<object, string>();
const prepare = (Database.prototype as unknown as Record<string, Send>).prepare;
(Database.prototype as unknown as Record<string, Send>).prepare = function (...args) {
  const statement = prepare.apply(this, args);
  sqls.set(statement as object, String(args[0]));
  return statement;
};
for (const method of ['run', 'all']) {
  watch(Statement.prototype, method, (statement) => sqls.get(statement as object) ?? '');
  watch(Database.prototype, method, (_database, [sql]) => String(sql));
}
watch(Database.prototype, 'exec', (_database, [sql]) => String(sql));

const query = Client.prototype.query as unknown as Send;
(Client.prototype as unknown as Record<string, Send>).query = function (...args) {
  const [config] = args as [string | { readonly text?: string }];
  const sql = (typeof config === 'string' ? config : (config.text ?? '')).replace(
    /^SELECT pg_notify[^]*(COMMIT)/,
    '$1',
  );
  const next = patterns[0];
  if (!next?.pattern.test(sql)) return query.apply(this, args);
  patterns.shift();
  if (patterns.length > 0) return query.apply(this, args);
  if (!next.after) return die();
  return (query.apply(this, args) as Promise<unknown>).then(die);
};
