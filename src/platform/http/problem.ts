import { HttpException } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import { DomainError, Invalid, NotFound, Refused, Unavailable, Unproven } from '../../kernel/domain-error';
import { Interrupted, TimedOut } from '../unit-of-work/time-limit';

/** What is wrong with one field. `path` is the field as the client wrote it: `items[0].quantity`. */
export interface FieldError {
  path: string;
  message: string;
}

/** What a problem may carry beyond its status, code and detail. */
export interface ProblemExtras {
  /** The fields that are wrong: for status 400. */
  errors?: readonly FieldError[];
  /** Plain data that a client may read without parsing the detail. */
  details?: unknown;
  /** Response headers, such as `Allow` or `Retry-After`. */
  headers?: Readonly<Record<string, string>>;
}

/** An error that knows how it looks on the wire. Contexts throw the kernel's errors; only the platform throws this. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly extras: ProblemExtras = {},
  ) {
    super(detail);
    this.name = new.target.name;
  }
}

/** Nothing is wrong with the request, but it cannot be answered at the moment: 503. */
export class ServiceUnavailable extends Problem {
  /** @param retryAfterSeconds when it makes sense to come back, told as `Retry-After` */
  constructor(code: string, detail: string, retryAfterSeconds?: number) {
    super(503, code, detail, {
      headers:
        retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.max(0, Math.ceil(retryAfterSeconds))) },
    });
  }
}

/** The request breaks the rules of its fields: 400 `request-invalid`, all complaints at once. */
export class RequestInvalid extends Problem {
  constructor(errors: readonly FieldError[]) {
    super(400, 'request-invalid', errors.length === 1 ? 'One field is wrong.' : `${errors.length} fields are wrong.`, {
      errors,
    });
  }
}

/** What errors of the database mean to a client: the driver puts its code, or an SQLSTATE, on them. */
const databaseProblems: readonly (readonly [codes: RegExp, problem: () => Problem])[] = [
  [
    /^(SQLITE_BUSY|SQLITE_LOCKED|40001|40P01|55P03|57P03)$/,
    () => new ServiceUnavailable('database-busy', 'The database is busy. Please try again.', 1),
  ],
  [/^(SQLITE_FULL|53100)$/, () => new Problem(507, 'storage-full', 'There is no room left to store this.')],
  [
    /^((08|28|3D|53|57|58|XX)...|25006|55000)$/,
    () => new ServiceUnavailable('database-unavailable', 'The database cannot be reached. Please try again.', 1),
  ],
];

/** Fastify's own words are for programmers; these are for clients. The others are called after their status. */
const frameworkProblems: ReadonlyMap<string | number, readonly [code: string, detail: string]> = new Map<
  string | number,
  readonly [string, string]
>([
  ['FST_ERR_BAD_URL', ['url-malformed', 'The URL is malformed: a % is not followed by a character in UTF-8.']],
  ['FST_ERR_MAX_PARAM_LENGTH', ['url-too-long', 'A part of the URL is too long.']],
  [413, ['body-too-large', 'The body is larger than 1 MB.']],
  [415, ['media-type-unsupported', 'This route does not read that content type. Most routes read application/json.']],
]);

/** Says what any thrown value means to a client. What nobody foresaw is a 500 that tells nothing. */
export function problemFrom(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DomainError) return fromDomain(error);
  if (error instanceof HttpException) return fromNest(error);
  if (!(error instanceof Error)) return internalError();
  if (error instanceof TimedOut || error instanceof Interrupted) {
    return new ServiceUnavailable('timed-out', 'This took too long and was given up; nothing has happened.');
  }
  const code = databaseCode(error) ?? '';
  const known = databaseProblems.find(([codes]) => codes.test(code));
  if (known) return known[1]();
  // Fastify's errors and those of its plugins, the aborted body among them, carry a status.
  const { statusCode } = error as Error & { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
    ? ofStatus(statusCode, code || undefined)
    : internalError();
}

function fromDomain(error: DomainError): Problem {
  const details = Object.keys(error.details).length > 0 ? error.details : undefined;
  if (error instanceof NotFound) return new Problem(404, error.code, error.message, { details });
  if (error instanceof Unproven) {
    // RFC 9110: a 401 names the way in which the caller could prove it.
    return new Problem(401, error.code, error.message, { details, headers: { 'www-authenticate': 'Signature' } });
  }
  if (error instanceof Refused) return new Problem(409, error.code, error.message, { details });
  if (error instanceof Invalid) {
    return new Problem(400, error.code, error.message, {
      details,
      errors: [{ path: error.path, message: error.rule }],
    });
  }
  if (error instanceof Unavailable) return new ServiceUnavailable(error.code, error.message, error.retryAfterSeconds);
  // A kind of refusal that is none of these: a rule said no, so it is at least not the server's fault.
  return new Problem(409, error.code, error.message, { details });
}

function fromNest(error: HttpException): Problem {
  const status = error.getStatus();
  if (status === 500) return internalError();
  if (frameworkProblems.has(status)) return ofStatus(status);
  const answer: unknown = error.getResponse();
  // Guards and health checks answer with a report instead of a message.
  const details = typeof answer === 'object' && answer !== null && !('message' in answer) ? answer : undefined;
  return new Problem(status, codeOf(status), error.message, { details });
}

function ofStatus(status: number, code?: string): Problem {
  const [ours, detail] = frameworkProblems.get(code ?? status) ??
    frameworkProblems.get(status) ?? [codeOf(status), `${titleOf(status)}.`];
  return new Problem(status, ours, detail);
}

const internalError = (): Problem =>
  new Problem(500, 'internal-error', 'Something went wrong on our side. It has been logged.');

const titleOf = (status: number): string => STATUS_CODES[status] ?? 'Error';

const codeOf = (status: number): string =>
  status === 400
    ? 'request-invalid'
    : titleOf(status)
        .toLowerCase()
        .replace(/[^a-z]+/g, '-');

/** TypeORM wraps the driver's error. */
function databaseCode(error: Error): string | undefined {
  const { code, driverError } = error as Error & { code?: unknown; driverError?: { code?: unknown } };
  const found = code ?? driverError?.code;
  return typeof found === 'string' ? found : undefined;
}

const MOST_ERRORS = 20;
const LARGEST_BODY = 16_000;

/**
 * The problem as RFC 9457 writes it, always shorter than 16 kB: what the client sent is echoed in small pieces, and of
 * many errors the first are listed and the rest counted in `moreErrors`.
 */
export function writeProblem(problem: Problem): string {
  const { errors, details } = problem.extras;
  const body = {
    type: `urn:bookshelf:problem:${problem.code}`,
    title: titleOf(problem.status),
    status: problem.status,
    detail: cut(problem.message, 500),
    code: problem.code,
    ...(details === undefined ? {} : { details }),
    ...(errors && listed(errors, MOST_ERRORS)),
  };
  const text = stringify(body);
  if (text !== undefined) return text;
  const bare = { ...body, details: undefined };
  // Twenty errors in a script of long escapes can still be too much; one never is.
  return stringify(bare) ?? JSON.stringify({ ...bare, ...(errors && listed(errors, 1)) });
}

const listed = (errors: readonly FieldError[], most: number): { errors: FieldError[]; moreErrors?: number } => ({
  errors: errors.slice(0, most).map(({ path, message }) => ({ path: cut(path, 150), message: cut(message, 300) })),
  ...(errors.length > most ? { moreErrors: errors.length - most } : {}),
});

/** As JSON, or undefined when it is too long or, as `details` are anybody's, cannot be written at all. */
function stringify(body: object): string | undefined {
  try {
    const text = JSON.stringify(body);
    return Buffer.byteLength(text) < LARGEST_BODY ? text : undefined;
  } catch {
    return undefined;
  }
}

/** At most `length` characters, never half of a surrogate pair. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
