import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DRAWERS, drawerOf, hasNestExports, importsOf, law, MACHINERY, ROOT_FILES, survey } from './support/law';

/** A walk that sees fewer files than this has lost its way. Raise it as the house grows. */
const AT_LEAST_FILES = 60;

/** The contexts that the walk must meet, whatever else there is. */
const CONTEXTS = [
  'catalog',
  'orders',
  'inventory',
  'notifications',
  'loyalty',
  'payments',
  'analytics',
  'recommendations',
  'shipping',
  'alerts',
  'waiting-list',
];

/** Every place the law speaks of. A name that no file answers to would make its rule match nothing. */
const PLACES = [...ROOT_FILES, ...DRAWERS, ...MACHINERY, 'top', 'outside', 'test'];

/** Imports that the law allows at one place only: as long as the house has each, the law looks where they are. */
const NARROW_DOORS: [door: string, isThere: (from: string, to: string) => boolean][] = [
  [
    'a reaction takes the events of another context',
    (from, to) => drawerOf(from) === 'reactions' && drawerOf(to) === 'events' && folderOf(from) !== folderOf(to),
  ],
  ['a model takes AggregateRoot', (from, to) => drawerOf(from) === 'model' && to === '@nestjs/cqrs'],
  ['a model takes its own events', (from, to) => drawerOf(from) === 'model' && drawerOf(to) === 'events'],
  ['a command takes its model', (from, to) => drawerOf(from) === 'commands' && drawerOf(to) === 'model'],
  ['persistence takes typeorm', (from, to) => drawerOf(from) === 'persistence' && to === 'typeorm'],
  ['the application takes the modules', (from, to) => drawerOf(from) === 'top' && drawerOf(to) === 'module'],
];

const folderOf = (path: string) => path.split('/')[1];

describe('the house', () => {
  const house = survey(join(__dirname, '..'));

  it('is lawful', () => {
    expect(house.complaints).toEqual([]);
  });

  it('is seen by the walk', () => {
    expect(house.files.length).toBeGreaterThanOrEqual(AT_LEAST_FILES);
    expect(house.contexts).toEqual(expect.arrayContaining(CONTEXTS));
  });

  it('gives every context a module', () => {
    expect(house.files).toEqual(
      expect.arrayContaining(house.contexts.map((context) => `src/${context}/${context}.module.ts`)),
    );
  });

  it.each(PLACES)('has something in %s', (place) => {
    expect(house.files.filter((file) => drawerOf(file) === place)).not.toEqual([]);
  });

  it.each(NARROW_DOORS)('has a place where %s', (_door, isThere) => {
    expect(house.imports.filter(({ from, to }) => isThere(from, to))).not.toEqual([]);
  });
});

/** What each rule must refuse, with the advice it must give. */
const PLANTED: { rule: string; advice: string; imports: [from: string, to: string, names?: string[]][] }[] = [
  {
    rule: 'rule 1',
    advice: 'react to src/catalog/catalog.events in src/orders/reactions and keep your own copy',
    imports: [
      ['src/orders/commands/place-order.command.ts', 'src/catalog/catalog.events.ts'],
      ['src/orders/persistence/order.repository.ts', 'src/catalog/persistence/book.table.ts'],
      ['src/orders/model/order.ts', 'src/catalog/catalog.events.ts'],
      ['src/orders/model/order.spec.ts', 'src/catalog/model/book.ts'],
      ['src/orders/orders.module.ts', 'src/catalog/catalog.module.ts'],
    ],
  },
  {
    rule: 'rule 1',
    advice: 'of another context import only src/catalog/catalog.events',
    imports: [
      ['src/inventory/reactions/open-stock-on-book-added.reaction.ts', 'src/catalog/model/book.ts'],
      ['src/inventory/reactions/open-stock-on-book-added.reaction.ts', 'src/catalog/reactions/shelf.table.ts'],
    ],
  },
  {
    rule: 'rule 2',
    advice: 'platform names no context; let catalog register itself with a decorator or a provider',
    imports: [
      ['src/platform/reactions/loop.ts', 'src/catalog/catalog.events.ts'],
      ['src/platform/reactions/loop.spec.ts', 'src/catalog/catalog.events.ts'],
    ],
  },
  {
    rule: 'rule 2',
    advice: 'kernel names no context; let orders register itself with a decorator or a provider',
    imports: [['src/kernel/money.ts', 'src/orders/model/order.ts']],
  },
  {
    rule: 'rule 3',
    advice: 'the model knows only its own events and the kernel; pass what it needs in as an argument',
    imports: [['src/catalog/model/book.ts', 'src/platform/event-log/event-log.ts']],
  },
  {
    rule: 'rule 3',
    advice: 'the model knows only its own events and the kernel; turn the arrow round',
    imports: [['src/catalog/model/book.ts', 'src/catalog/persistence/book.table.ts']],
  },
  {
    rule: 'rule 3',
    advice: 'the model takes from npm only AggregateRoot of @nestjs/cqrs; pass the rest in as an argument',
    imports: [
      ['src/catalog/model/book.ts', 'uuidv7', ['uuidv7']],
      ['src/catalog/model/book.ts', 'node:crypto', ['randomUUID']],
      ['src/catalog/model/book.ts', '@nestjs/cqrs', ['AggregateRoot', 'IEvent']],
      ['src/catalog/model/book.ts', '@nestjs/cqrs', ['*']],
      ['src/catalog/model/book.ts', '@nestjs/cqrs'],
      ['src/catalog/model/book.ts', '@nestjs/cqrs/dist/aggregate-root', ['AggregateRoot']],
    ],
  },
  {
    rule: 'rule 4',
    advice: 'events are plain facts that import nothing; write the plain type here',
    imports: [
      ['src/catalog/catalog.events.ts', 'src/kernel/money.ts'],
      ['src/catalog/catalog.events.ts', 'src/platform/event-log/event-log.ts'],
      ['src/catalog/catalog.events.ts', 'src/orders/orders.events.ts'],
      ['src/catalog/catalog.events.ts', '@nestjs/cqrs', ['IEvent']],
    ],
  },
  {
    rule: 'rule 5',
    advice: 'the database is known only in persistence/, platform/ and ormconfig.ts; ask a repository',
    imports: [
      ['src/catalog/commands/add-book.command.ts', 'typeorm'],
      ['src/catalog/reactions/shelf.table.ts', 'typeorm'],
      ['src/catalog/catalog.module.ts', 'typeorm'],
      ['src/catalog/model/book.spec.ts', 'typeorm/driver/types'],
      ['src/catalog/queries/browse-books.query.ts', '@nestjs/typeorm'],
      ['src/catalog/persistence/book.repository.ts', 'sqlite3'],
      ['src/kernel/money.ts', 'typeorm'],
      ['src/cli/import.ts', 'typeorm'],
      ['src/main.ts', 'typeorm'],
    ],
  },
  {
    rule: 'rule 7',
    advice: 'move what both need into src, which never imports test',
    imports: [
      ['src/main.ts', 'test/support/bookshelf.ts'],
      ['src/catalog/model/book.spec.ts', 'test/support/bookshelf.ts'],
    ],
  },
  {
    rule: 'rule 10',
    advice: 'the instruments of src/platform/testing are for tests; the program does without them',
    imports: [
      ['src/platform/reactions/reaction-books.ts', 'src/platform/testing/statements.ts'],
      ['src/catalog/persistence/book.repository.ts', 'src/platform/testing/idempotence.ts'],
      ['src/main.ts', 'src/platform/testing/idempotence.ts'],
    ],
  },
  {
    rule: 'arrows',
    advice: 'persistence may import only persistence, model, events of its context; turn the arrow round',
    imports: [['src/catalog/persistence/book.repository.ts', 'src/catalog/commands/add-book.command.ts']],
  },
  {
    rule: 'arrows',
    advice:
      'commands may import only commands, persistence, model, events, settings of its context; turn the arrow round',
    imports: [
      ['src/catalog/commands/add-book.command.ts', 'src/catalog/reactions/shelf.table.ts'],
      ['src/catalog/commands/add-book.command.ts', 'src/catalog/reactions/shelf.table.ts'],
      ['src/catalog/commands/add-book.command.ts', 'src/catalog/catalog.requests.ts'],
      ['src/catalog/commands/add-book.command.ts', 'src/catalog/catalog.module.ts'],
    ],
  },
  {
    rule: 'arrows',
    advice:
      'reactions may import only reactions, commands, outside, persistence, model, events, settings of its context; turn the arrow round',
    imports: [['src/catalog/reactions/shelf.table.ts', 'src/catalog/queries/browse-books.query.ts']],
  },
  {
    rule: 'arrows',
    advice: 'a file outside the drawers imports nothing of its context; put it into a drawer',
    imports: [['src/catalog/services/pricing.ts', 'src/catalog/model/book.ts']],
  },
  {
    rule: 'arrows',
    advice: 'the kernel stands alone; move this file to platform or do without',
    imports: [['src/kernel/money.ts', 'src/platform/http/problem.ts']],
  },
  {
    rule: 'arrows',
    advice: 'the kernel knows no framework; move this file to platform',
    imports: [['src/kernel/clock.ts', '@nestjs/common', ['Injectable']]],
  },
  {
    rule: 'arrows',
    advice: 'name only the module of catalog here and leave the rest to it',
    imports: [['src/app.module.ts', 'src/catalog/catalog.controller.ts']],
  },
  {
    rule: 'arrows',
    advice: 'the application knows its modules, not they the application; inject what you need',
    imports: [
      ['src/platform/http/problem.ts', 'src/app.module.ts'],
      ['src/catalog/catalog.module.ts', 'src/app.module.ts'],
    ],
  },
  {
    rule: 'arrows',
    advice: 'a program uses the commands, queries and model of catalog; run one of those',
    imports: [['src/cli/import.ts', 'src/catalog/persistence/book.repository.ts']],
  },
  {
    rule: 'arrows',
    advice: 'nobody imports a command-line program; move what both need to platform or a command',
    imports: [
      ['src/main.ts', 'src/cli/import.ts'],
      ['src/catalog/catalog.controller.ts', 'src/cli/import.ts'],
    ],
  },
  {
    rule: 'arrows',
    advice: 'a spec is imported by nobody; move what both need into a file of its own',
    imports: [['src/catalog/model/book.ts', 'src/catalog/model/book.spec.ts']],
  },
  {
    rule: 'arrows',
    advice: 'src imports nothing outside src; move it into src or read it when running',
    imports: [
      ['src/platform/database/options.ts', 'ormconfig.ts'],
      ['src/app.configure.ts', 'package.json'],
    ],
  },
  {
    rule: 'arrows',
    advice: 'take the options from src/platform, which alone is known outside src',
    imports: [['ormconfig.ts', 'src/catalog/persistence/book.table.ts']],
  },
];

describe('the law on one import', () => {
  it.each(
    PLANTED.flatMap(({ rule, advice, imports }) =>
      imports.map(([from, to, names = []]) => [rule, from, to, names, advice] as const),
    ),
  )('complains by %s when %s imports %s %j', (rule, from, to, names, advice) => {
    expect(law(from, to, names)).toBe(`${from} imports ${to}: ${advice} (${rule})`);
  });

  it.each<[from: string, to: string, names?: string[]]>([
    ['src/catalog/catalog.module.ts', 'src/catalog/reactions/show-stock-on-stock-ran-out.reaction.ts'],
    ['src/catalog/catalog.module.ts', '@nestjs/typeorm'],
    ['src/catalog/catalog.controller.ts', 'src/catalog/commands/add-book.command.ts'],
    ['src/catalog/catalog.requests.ts', 'class-validator'],
    ['src/catalog/commands/add-book.command.ts', 'src/platform/unit-of-work/unit-of-work.ts'],
    ['src/catalog/commands/add-book.command.ts', 'src/kernel/money.ts'],
    ['src/catalog/queries/browse-books.query.ts', 'src/catalog/reactions/shelf.table.ts'],
    ['src/catalog/persistence/book.repository.ts', 'typeorm'],
    ['src/catalog/model/book.ts', '@nestjs/cqrs', ['AggregateRoot']],
    ['src/catalog/model/book.ts', 'src/catalog/catalog.events.ts'],
    ['src/catalog/model/book.spec.ts', 'fast-check'],
    ['src/catalog/catalog.spec.ts', 'src/catalog/commands/add-book.command.ts'],
    ['src/inventory/reactions/open-stock-on-book-added.reaction.ts', 'src/catalog/catalog.events.ts'],
    ['src/inventory/reactions/open-stock-on-book-added.spec.ts', 'src/catalog/catalog.events.ts'],
    ['src/platform/projections/rebuild.ts', 'typeorm'],
    ['src/platform/projections/rebuild.spec.ts', '@nestjs/testing'],
    ['src/app.module.ts', 'src/catalog/catalog.module.ts'],
    ['src/cli/import.ts', 'src/app.module.ts'],
    ['src/cli/import.ts', 'src/catalog/commands/add-book.command.ts'],
    ['test/journeys/buy-a-book.e2e-spec.ts', 'src/app.module.ts'],
    ['ormconfig.ts', 'src/platform/database/options.ts'],
    ['ormconfig.ts', 'typeorm'],
  ])('is content when %s imports %s', (from, to, names = []) => {
    expect(law(from, to, names)).toBeUndefined();
  });
});

describe('the walk', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'house-'));
    write('package.json', JSON.stringify({ dependencies: { '@nestjs/cqrs': '*' }, devDependencies: { jest: '*' } }));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('finds nothing wrong with a lawful house', () => {
    write('src/catalog/catalog.events.ts', 'export class BookAdded {}');
    write(
      'src/catalog/model/book.ts',
      `import { AggregateRoot } from '@nestjs/cqrs';\nimport { BookAdded } from '../catalog.events';`,
    );
    write('src/catalog/model/book.spec.ts', `import 'jest';\nimport './book.js';`);
    write('src/inventory/reactions/open-stock.reaction.ts', `import '../../catalog/catalog.events';`);
    write('test/journeys/buy-a-book.e2e-spec.ts', `import '../../src/catalog/model/book';\nimport 'node:fs';`);
    write('ormconfig.ts', `import './src/platform/database';`);
    write('src/platform/database/index.ts', '');
    expect(survey(root)).toMatchObject({ complaints: [], contexts: ['catalog', 'inventory'], files: { length: 7 } });
  });

  it('resolves what it reads before it asks the law', () => {
    write('src/catalog/model/book.ts', '');
    write('src/orders/commands/place-order.command.ts', `type Book = import('../../catalog/model/book').Book;`);
    expect(survey(root).complaints).toEqual([
      'src/orders/commands/place-order.command.ts imports src/catalog/model/book.ts: ' +
        'react to src/catalog/catalog.events in src/orders/reactions and keep your own copy (rule 1)',
    ]);
  });

  it('complains about Nest exports in a context by rule 6', () => {
    write(
      'src/catalog/catalog.module.ts',
      '@Module({ providers: [], exports: [Books] }) export class CatalogModule {}',
    );
    write('src/platform/platform.module.ts', '@Module({ exports: [Clock] }) export class PlatformModule {}');
    expect(survey(root).complaints).toEqual([
      'src/catalog/catalog.module.ts has Nest exports: remove them and let other contexts react to its events (rule 6)',
    ]);
  });

  it('complains about a cycle by rule 8 and shows the way round', () => {
    write('src/kernel/a.ts', `import type { B } from './b';`);
    write('src/kernel/b.ts', `export * from './c';`);
    write('src/kernel/c.ts', `const a = () => import('./a');`);
    expect(survey(root).complaints).toEqual([
      'src/kernel/a.ts -> src/kernel/b.ts -> src/kernel/c.ts -> src/kernel/a.ts is a cycle: ' +
        'move what both ends need into a third file (rule 8)',
    ]);
  });

  it('complains about imports that lead nowhere by rule 9', () => {
    write('src/kernel/money.ts', `import './gone';\nimport 'left-pad';\nimport 'jest';\nvoid import(name);`);
    expect(survey(root).complaints).toEqual([
      'src/kernel/money.ts imports ./gone: there is no such file; correct the path (rule 9)',
      'src/kernel/money.ts imports left-pad: list it in package.json, under dependencies for src (rule 9)',
      'src/kernel/money.ts imports jest: list it in package.json, under dependencies for src (rule 9)',
      'src/kernel/money.ts imports a computed path: write the path as plain text so that it can be read (rule 9)',
    ]);
  });

  it('complains about a file of a context that is in no drawer', () => {
    write('src/catalog/services/pricing.ts', '');
    write('src/catalog/index.ts', '');
    const homes =
      'commands/, queries/, reactions/, model/, persistence/, outside/, ' +
      'catalog.module.ts, catalog.controller.ts, catalog.requests.ts, catalog.events.ts, ' +
      'catalog.settings.ts';
    expect(survey(root).complaints).toEqual([
      `src/catalog/index.ts is in no drawer: put it into one of ${homes} (arrows)`,
      `src/catalog/services/pricing.ts is in no drawer: put it into one of ${homes} (arrows)`,
    ]);
  });

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
});

describe('the scanner', () => {
  it.each<[code: string, specifier: string | undefined, names: string[], typeOnly: boolean]>([
    [`import 'a'`, 'a', [], false],
    [`import A, { b as c, type D } from 'a'`, 'a', ['default', 'b', 'D'], false],
    [`import * as a from 'a'`, 'a', ['*'], false],
    [`import type { A } from 'a'`, 'a', ['A'], true],
    [`import { type A } from 'a'`, 'a', ['A'], true],
    [`export { a as b } from 'a'`, 'a', ['a'], false],
    [`export * from 'a'`, 'a', ['*'], false],
    [`export type { A } from 'a'`, 'a', ['A'], true],
    [`import a = require('a')`, 'a', ['*'], false],
    [`const { a } = require('a')`, 'a', ['*'], false],
    [`const a = await import(\`a\`)`, 'a', ['*'], false],
    [`let a: import('a').A.B`, 'a', ['A'], true],
    [`let a: typeof import('a')`, 'a', ['*'], true],
    [`const a = require('./' + name)`, undefined, ['*'], false],
  ])('reads %s', (code, specifier, names, typeOnly) => {
    expect(importsOf(code)).toEqual([{ specifier, names, typeOnly }]);
  });

  it('takes no notice of comments, strings and plain exports', () => {
    expect(importsOf(`// import 'a'\nconst b = "import 'a'";\nexport { b };`)).toEqual([]);
  });

  it('sees the exports of a module with and without a decorator', () => {
    expect(hasNestExports('@Module({ exports: [A] }) class M {}')).toBe(true);
    expect(hasNestExports(`class M { static for() { return { module: M, 'exports': [A] }; } }`)).toBe(true);
    expect(hasNestExports('@Module({ providers: [A] }) export class M {} // exports: []')).toBe(false);
  });
});
