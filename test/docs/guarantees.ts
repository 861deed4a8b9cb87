import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';

const ROOT = join(__dirname, '..', '..');
const TESTS = join(ROOT, 'test', 'guarantees');
export const PAGE = join(ROOT, 'docs', 'guarantees.md');

/** What could be taken for a part of a guarantee, and is none. By the number of the guarantee. */
const NOT_GUARANTEED: Readonly<Record<number, string>> = {
  1: 'That a handler runs only once before it is answered: what it does outside the database may be done twice.',
  2: 'That an aggregate which is thrown away unsaved is noticed: nothing has happened to it.',
  3: 'That a disk which lies about `fsync` keeps what it was given.',
  4: 'That a command whose caller was *not* answered has not happened: ask before repeating it.',
  5: 'Effects outside the database: those are at least once, see 12.',
  6: 'That others go on at once beside a handler that never returns: it is given up when its time limit is over. One that never lets go of the processor holds up everybody.',
  7: 'Order across aggregates after a failure.',
  8: 'That an attempt comes at its very second: it comes when it is due, and the reaction is free.',
  9: 'That the process does not die of it before; nor that an event is found out which kills it only after its handler has ended.',
  10: 'That the event with which an outage begins goes out first when it is over.',
  11: 'That a reaction within the transaction is cheap: every command waits for it.',
  12: 'That a letter is never sent twice: a crash between sending and recording repeats it, with the same `Message-ID`.',
  13: 'That a projection whose columns have changed is complete before the rebuild has caught up; nor that a reaction is handed an event of history when it has handled a later one of its stream.',
  14: 'That what a name means stays the same: that is for its author.',
  15: 'That an upcaster is right: it is the author’s, and tested by the author.',
};

interface Suite {
  readonly file: string;
  readonly title: string;
  readonly sentences: readonly string[];
}

/** What a test is called, and which databases it is about where it is not about all. */
const ON: Readonly<Record<string, string>> = { it: '', itOnSqlite: ' (SQLite)', itOnPostgres: ' (PostgreSQL)' };

/** @returns what the tests of the guarantees say, suite by suite, as it stands in their titles */
export function suites(): Suite[] {
  return readdirSync(TESTS)
    .filter((name) => name.endsWith('.e2e-spec.ts'))
    .sort()
    .flatMap((file) => {
      const source = ts.createSourceFile(file, readFileSync(join(TESTS, file), 'utf8'), ts.ScriptTarget.Latest, true);
      const found: { title: string; sentences: string[] }[] = [];
      const walk = (node: ts.Node, path: readonly string[]): void => {
        const call =
          ts.isExpressionStatement(node) && ts.isCallExpression(node.expression) ? node.expression : undefined;
        const [kind, title] = call ? [nameOf(call.expression), titleOf(call.arguments[0])] : [];
        if (kind === undefined || title === undefined) return node.forEachChild((child) => walk(child, path));
        if (kind === 'describe') {
          if (path.length === 0) found.push({ title, sentences: [] });
          call!.arguments[1].forEachChild((child) => walk(child, [...path, title]));
        } else if (kind in ON) {
          found.at(-1)?.sentences.push([...path.slice(1), title].join(', ') + ON[kind]);
        }
      };
      walk(source, []);
      return found.map((suite) => ({ file, ...suite }));
    });
}

/** `it`, `it.each(...)` and so on are all `it`. */
function nameOf(expression: ts.Expression): string {
  if (ts.isCallExpression(expression) || ts.isPropertyAccessExpression(expression))
    return nameOf(expression.expression);
  if (ts.isTaggedTemplateExpression(expression)) return nameOf(expression.tag);
  return expression.getText();
}

/** A title as it is printed, but for what differs from case to case. */
function titleOf(argument: ts.Expression | undefined): string | undefined {
  if (!argument) return undefined;
  if (ts.isStringLiteralLike(argument)) return argument.text.replace(/%[sjdi]|\$\w+/g, '…');
  if (ts.isTemplateExpression(argument)) {
    return argument.head.text + argument.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
  }
  return undefined;
}

/** @returns the page as the tests would have it */
export function page(): string {
  const all = suites();
  const numberOf = ({ file }: Suite) => Number(/^\d+/.exec(file)?.[0] ?? 0);
  const section = (number: number) => {
    const own = all.filter((suite) => numberOf(suite) === number);
    return `## ${number}. ${heading(own[0].title)}

${own.map(listed).join('\n\n')}

**Not guaranteed.** ${NOT_GUARANTEED[number]}`;
  };
  const numbers = [...new Set(all.map(numberOf))].filter((number) => number > 0);
  return `# Guarantees, and what is not guaranteed

Each sentence below is the title of a test that \`npm test\` runs; this page is written from them by \`npm run docs\`, and a test
compares the two. \`npm run test:power\` breaks the shop on purpose in known ways, and shows
that these tests notice: see [the table](proof.md).

All of it holds on SQLite and on PostgreSQL, but for what is said to be about one of them. \`npm test\` runs the core of it on
PostgreSQL, \`npm run test:postgres\` all of it.

${numbers.map(section).join('\n\n')}

## Beside the guarantees

${all
  .filter((suite) => numberOf(suite) === 0)
  .map(listed)
  .join('\n\n')}
`;
}

const heading = (title: string) => title.split(':')[0];

const listed = ({ file, title, sentences }: Suite) => `**${title}** (\`${file}\`)

${sentences.map((sentence) => `- ${sentence.replaceAll('|', '\\|').replaceAll('<', '&lt;')}`).join('\n')}`;

if (require.main === module) writeFileSync(PAGE, page());
