import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix, relative, sep } from 'node:path';
import ts from 'typescript';

/** The drawers of a context. `outside` holds what crosses the border of the program: mail, lists, providers. */
export const DRAWERS = ['commands', 'queries', 'reactions', 'model', 'persistence', 'outside'] as const;

/** What may lie beside the drawers: `catalog.module.ts`, `catalog.controller.ts`, ... */
export const ROOT_FILES = ['module', 'controller', 'requests', 'events', 'settings'] as const;

/** The folders of `src` that are no context. */
export const MACHINERY = ['kernel', 'platform', 'cli'] as const;

type Part = (typeof DRAWERS)[number] | (typeof ROOT_FILES)[number];
type Place =
  | { kind: (typeof MACHINERY)[number] | 'top' | 'test' | 'outside'; spec: boolean }
  | { kind: 'context'; context: string; part: Part | undefined; spec: boolean };

/** What each part of a context may import of its own context. Not named is not allowed. */
const ARROWS: Record<Part, readonly Part[]> = {
  module: [...ROOT_FILES, ...DRAWERS],
  controller: ['controller', 'requests', 'events', ...DRAWERS],
  requests: ['requests', 'events', ...DRAWERS],
  settings: [],
  commands: ['commands', 'persistence', 'model', 'events', 'settings'],
  queries: ['queries', 'outside', 'reactions', 'persistence', 'model', 'events', 'settings'],
  reactions: ['reactions', 'commands', 'outside', 'persistence', 'model', 'events', 'settings'],
  outside: ['outside', 'commands', 'model', 'events', 'settings'],
  persistence: ['persistence', 'model', 'events'],
  model: ['model', 'events'],
  events: [],
};

/** What the programs of `src/cli` may take from a context. */
const OPEN_TO_CLI: readonly (Part | undefined)[] = ['commands', 'queries', 'model', 'outside'];

/** What tests are made with. It may know the whole platform; of the program, nobody may know it. */
const TESTING = 'src/platform/testing/';

/** Packages that would tie the kernel to a framework. */
const FRAMEWORKS = /^(@nestjs\/|typeorm$|rxjs$|class-validator$|class-transformer$|reflect-metadata$)/;

/** Database packages, and where each may appear besides `platform/` and `ormconfig.ts`. */
const DATABASE: Record<string, readonly (Part | 'top' | undefined)[]> = {
  typeorm: ['persistence'],
  '@nestjs/typeorm': ['persistence', 'module', 'top'],
  sqlite3: [],
  pg: [],
};

/** Where a file lives, by its project-relative path alone. */
export function placeOf(path: string): Place {
  const spec = /\.spec\.ts$/.test(path);
  const [root, folder, ...rest] = path.split('/');
  if (root === 'test') return { kind: 'test', spec };
  if (root !== 'src') return { kind: 'outside', spec };
  if (rest.length === 0) return { kind: 'top', spec };
  const machinery = MACHINERY.find((name) => name === folder);
  if (machinery) return { kind: machinery, spec };
  if (rest.length > 1)
    return { kind: 'context', context: folder, part: DRAWERS.find((name) => name === rest[0]), spec };
  const part = ROOT_FILES.find((name) => name === rest[0].split('.').at(spec ? -3 : -2));
  return { kind: 'context', context: folder, part: part ?? (spec ? 'module' : undefined), spec };
}

/** A short name for where a file lives: `commands`, `platform`, `top`, ... */
export function drawerOf(path: string): string | undefined {
  const place = placeOf(path);
  return place.kind === 'context' ? place.part : place.kind;
}

/**
 * The law of the house for one import.
 *
 * @param from the importing file, as a project-relative path
 * @param to the imported file as a project-relative path, or the name of an npm package
 * @param names what is imported: exported names, `default`, or `*` for everything
 * @returns what to do instead, or undefined when the import is lawful
 */
export function law(from: string, to: string, names: readonly string[] = []): string | undefined {
  const advice = isFile(to) ? onFile(from, to) : onPackage(from, to, names);
  return advice && `${from} imports ${to}: ${advice}`;
}

const isFile = (to: string) => /^(src|test)\//.test(to) || /\.(ts|json|cjs|mjs)$/.test(to);

function onFile(from: string, to: string): string | undefined {
  const source = placeOf(from);
  const target = placeOf(to);
  if (source.kind === 'test') return undefined;
  if (target.kind === 'test') return 'move what both need into src, which never imports test (rule 7)';
  if (source.kind === 'outside') {
    if (target.kind === 'platform' || target.kind === 'kernel' || target.kind === 'outside') return undefined;
    return 'take the options from src/platform, which alone is known outside src (arrows)';
  }
  if (to.startsWith(TESTING) && !from.startsWith(TESTING) && !source.spec)
    return 'the instruments of src/platform/testing are for tests; the program does without them (rule 10)';
  if (target.kind === 'outside')
    return 'src imports nothing outside src; move it into src or read it when running (arrows)';
  if (target.spec) return 'a spec is imported by nobody; move what both need into a file of its own (arrows)';
  if (source.kind === 'context' && source.part === 'events') {
    return 'events are plain facts that import nothing; write the plain type here (rule 4)';
  }
  switch (target.kind) {
    case 'kernel':
      return undefined;
    case 'platform':
      if (source.kind === 'kernel') return 'the kernel stands alone; move this file to platform or do without (arrows)';
      if (source.kind === 'context' && source.part === 'model') {
        return 'the model knows only its own events and the kernel; pass what it needs in as an argument (rule 3)';
      }
      return undefined;
    case 'cli':
      if (source.kind === 'cli') return undefined;
      return 'nobody imports a command-line program; move what both need to platform or a command (arrows)';
    case 'top':
      if (source.kind === 'top' || source.kind === 'cli') return undefined;
      return 'the application knows its modules, not they the application; inject what you need (arrows)';
    case 'context':
      return onContext(source, target);
  }
}

function onContext(source: Place, target: Place & { kind: 'context' }): string | undefined {
  const { context, part } = target;
  switch (source.kind) {
    case 'kernel':
    case 'platform':
      return `${source.kind} names no context; let ${context} register itself with a decorator or a provider (rule 2)`;
    case 'top':
      if (part === 'module') return undefined;
      return `name only the module of ${context} here and leave the rest to it (arrows)`;
    case 'cli':
      if (OPEN_TO_CLI.includes(part)) return undefined;
      return `a program uses the commands, queries and model of ${context}; run one of those (arrows)`;
    case 'context':
      if (source.context !== context) return onOtherContext(source, target);
      return onOwnContext(source, target);
  }
}

function onOtherContext(source: Place & { kind: 'context' }, { context, part }: Place & { kind: 'context' }) {
  const face = `src/${context}/${context}.events`;
  if (source.part !== 'reactions') {
    return `react to ${face} in src/${source.context}/reactions and keep your own copy (rule 1)`;
  }
  return part === 'events' ? undefined : `of another context import only ${face} (rule 1)`;
}

function onOwnContext({ part, spec }: Place & { kind: 'context' }, target: Place & { kind: 'context' }) {
  if (part && target.part && ARROWS[part].includes(target.part)) return undefined;
  if (spec && (target.part === part || target.part === 'model')) return undefined;
  if (part === 'model') return 'the model knows only its own events and the kernel; turn the arrow round (rule 3)';
  if (!part) return 'a file outside the drawers imports nothing of its context; put it into a drawer (arrows)';
  return `${part} may import only ${ARROWS[part].join(', ')} of its context; turn the arrow round (arrows)`;
}

function onPackage(from: string, to: string, names: readonly string[]): string | undefined {
  const source = placeOf(from);
  if (source.kind === 'test' || source.kind === 'outside') return undefined;
  const name = packageOf(to);
  const part = source.kind === 'context' ? source.part : undefined;
  const room = source.kind === 'top' ? 'top' : part;
  if (name in DATABASE && source.kind !== 'platform' && !(room && DATABASE[name].includes(room))) {
    return 'the database is known only in persistence/, platform/ and ormconfig.ts; ask a repository (rule 5)';
  }
  if (source.spec) return undefined;
  if (part === 'events') return 'events are plain facts that import nothing; write the plain type here (rule 4)';
  if (part === 'model' && !(to === '@nestjs/cqrs' && names.length > 0 && names.every((n) => n === 'AggregateRoot'))) {
    return 'the model takes from npm only AggregateRoot of @nestjs/cqrs; pass the rest in as an argument (rule 3)';
  }
  if (source.kind === 'kernel' && FRAMEWORKS.test(name)) {
    return 'the kernel knows no framework; move this file to platform (arrows)';
  }
  return undefined;
}

/** `@nestjs/cqrs/dist/x` -> `@nestjs/cqrs`. */
const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** One import as it is written. */
export interface Import {
  /** Undefined when it is computed and cannot be read. */
  specifier: string | undefined;
  names: string[];
  typeOnly: boolean;
}

/** Every import of a source text: static, type-only, re-exporting, dynamic, `require`, and `import('x').T` in types. */
export function importsOf(text: string, path = 'file.ts'): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, names: string[], typeOnly = false) =>
    found.push({
      specifier: specifier && ts.isStringLiteralLike(specifier) ? specifier.text : undefined,
      names,
      typeOnly,
    });

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const bindings = clause?.namedBindings;
      const elements = bindings && ts.isNamedImports(bindings) ? bindings.elements : undefined;
      const names = elements?.map((e) => (e.propertyName ?? e.name).text) ?? (bindings ? ['*'] : []);
      const typeOnly =
        clause?.isTypeOnly || (!clause?.name && !!elements?.length && elements.every((e) => e.isTypeOnly));
      add(node.moduleSpecifier, clause?.name ? ['default', ...names] : names, typeOnly);
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      const clause = node.exportClause;
      const names = clause && ts.isNamedExports(clause) ? clause.elements : undefined;
      add(node.moduleSpecifier, names?.map((e) => (e.propertyName ?? e.name).text) ?? ['*'], node.isTypeOnly);
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.moduleReference.expression, ['*'], node.isTypeOnly);
    } else if (ts.isImportTypeNode(node)) {
      const literal = ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
      add(literal, [node.qualifier?.getText().split('.')[0] ?? '*'], true);
    } else if (ts.isCallExpression(node)) {
      const dynamic = node.expression.kind === ts.SyntaxKind.ImportKeyword;
      const required = ts.isIdentifier(node.expression) && node.expression.text === 'require';
      if (dynamic || required) add(node.arguments[0], ['*']);
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(path, text));
  return found;
}

/** Whether a module file has an `exports` in any object literal: in `@Module({ ... })` or in a dynamic module. */
export function hasNestExports(text: string): boolean {
  const visit = (node: ts.Node): boolean => {
    const property = ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node) ? node.name : undefined;
    if (property && (ts.isIdentifier(property) || ts.isStringLiteral(property)) && property.text === 'exports')
      return true;
    return ts.forEachChild(node, visit) ?? false;
  };
  return visit(parse('x.module.ts', text));
}

const parse = (path: string, text: string) => ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);

/** What a walk through the house found. */
export interface Survey {
  files: string[];
  contexts: string[];
  imports: { from: string; to: string; names: string[] }[];
  complaints: string[];
}

/** Walks `src`, `test` and `ormconfig.ts` under a project's root and holds every file against the law. */
export function survey(root: string): Survey {
  const files = ['src', 'test', 'ormconfig.ts'].flatMap((start) => sourcesUnder(root, start));
  const known = new Set(files);
  const imports: Survey['imports'] = [];
  const complaints: string[] = [];
  const complain = (complaint: string | undefined) => complaint && complaints.push(complaint);
  const isDeclared = declaredIn(root);

  for (const from of files) {
    const text = readFileSync(join(root, from), 'utf8');
    complain(misplaced(from));
    if (drawerOf(from) === 'module' && hasNestExports(text)) {
      complain(`${from} has Nest exports: remove them and let other contexts react to its events (rule 6)`);
    }
    for (const { specifier, names, typeOnly } of importsOf(text, from)) {
      if (specifier === undefined) {
        complain(`${from} imports a computed path: write the path as plain text so that it can be read (rule 9)`);
        continue;
      }
      const to = /^\.{0,2}\//.test(specifier) ? resolve(root, from, specifier, known) : specifier;
      if (to === undefined) {
        complain(`${from} imports ${specifier}: there is no such file; correct the path (rule 9)`);
        continue;
      }
      if (to === specifier && !isBuiltin(to) && !isDeclared(from, packageOf(to), typeOnly)) {
        complain(`${from} imports ${specifier}: list it in package.json, under dependencies for src (rule 9)`);
      }
      imports.push({ from, to, names });
      complain(law(from, to, names));
    }
  }
  for (const cycle of cyclesIn(imports)) {
    complain(`${cycle.join(' -> ')} is a cycle: move what both ends need into a third file (rule 8)`);
  }
  const contexts = new Set(files.map(placeOf).flatMap((place) => (place.kind === 'context' ? [place.context] : [])));
  return { files, contexts: [...contexts], imports, complaints: [...new Set(complaints)] };
}

/** Complains about a file of a context that is in no drawer, where no arrow would reach it. */
function misplaced(path: string): string | undefined {
  const place = placeOf(path);
  if (place.kind !== 'context' || place.part) return undefined;
  const homes = [...DRAWERS.map((drawer) => `${drawer}/`), ...ROOT_FILES.map((file) => `${place.context}.${file}.ts`)];
  return `${path} is in no drawer: put it into one of ${homes.join(', ')} (arrows)`;
}

function sourcesUnder(root: string, path: string): string[] {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (statSync(full).isFile()) return [path];
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** The file that a relative specifier means, as TypeScript finds it. */
function resolve(root: string, from: string, specifier: string, known: ReadonlySet<string>): string | undefined {
  const path = posix.join(posix.dirname(from), specifier);
  const bare = path.replace(/\.js$/, '');
  const source = [path, `${bare}.ts`, `${bare}.d.ts`, `${path}/index.ts`].find((candidate) => known.has(candidate));
  if (source) return source;
  const full = join(root, path);
  return existsSync(full) && statSync(full).isFile() ? path : undefined;
}

/** What package.json promises: `dependencies` when the program runs, `devDependencies` for tests and types. */
function declaredIn(root: string): (from: string, name: string, typeOnly: boolean) => boolean {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };
  return (from, name, typeOnly) => {
    const { kind, spec } = placeOf(from);
    const running = !spec && !typeOnly && kind !== 'test' && kind !== 'outside';
    return name in dependencies || (!running && (name in devDependencies || `@types/${name}` in devDependencies));
  };
}

/** The cycles that a walk in depth meets, each as the path that returns to its start. */
export function cyclesIn(imports: readonly { from: string; to: string }[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const path: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push([...path.slice(start), file]);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    next.get(file)?.forEach(visit);
    path.pop();
    done.add(file);
  };
  [...next.keys()].forEach(visit);
  return cycles;
}
