import { Problem } from './problem';
import { answer, routeNotFound, type Incoming, type Outgoing } from './problem-details.filter';

interface KnownPath {
  readonly segments: readonly string[];
  readonly methods: Set<string>;
}

/** Knows which methods each path has, to tell a wrong method from a wrong path. Asked only when no route matched. */
export class RouteTable {
  private readonly paths = new Map<string, KnownPath>();

  /** @param pattern as the router knows it: `/books/:id`, `/docs/*` */
  add(pattern: string, methods: readonly string[]): void {
    const path = this.paths.get(pattern) ?? { segments: pattern.split('/'), methods: new Set<string>() };
    for (const method of methods) path.methods.add(method);
    this.paths.set(pattern, path);
  }

  /** The methods that the path has routes for, sorted; none when there is no such path. */
  methodsOf(url: string): string[] {
    const wanted = url.split('?', 1)[0].split('/');
    const found = new Set<string>();
    for (const { segments, methods } of this.paths.values()) {
      if (matches(segments, wanted)) methods.forEach((method) => found.add(method));
    }
    return [...found].sort();
  }

  /** Answers a request that no route took: 204 to OPTIONS, 405 with the methods that would do, or `done` with a 404. */
  answer(request: Incoming, reply: Outgoing, done: (problem: Problem) => void): void {
    const methods = this.methodsOf(request.url);
    if (methods.length === 0) return done(routeNotFound(request.method, request.url));
    const allow = [...new Set([...methods, 'OPTIONS'])].join(', ');
    if (request.method === 'OPTIONS') {
      reply.code(204).headers({ allow }).send();
      return;
    }
    answer(
      reply,
      new Problem(405, 'method-not-allowed', `${request.method} is not possible here. Allowed: ${allow}.`, {
        headers: { allow },
      }),
    );
  }
}

function matches(pattern: readonly string[], wanted: readonly string[]): boolean {
  const open = pattern.at(-1) === '*';
  if (open ? wanted.length < pattern.length : wanted.length !== pattern.length) return false;
  return pattern.every(
    (segment, at) => segment === '*' || (segment.startsWith(':') ? wanted[at] !== '' : segment === decoded(wanted[at])),
  );
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
