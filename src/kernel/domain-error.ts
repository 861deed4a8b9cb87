/**
 * What a rule of the shop says when it refuses. Thrown as a fact by models and handlers; the HTTP side alone decides
 * how it looks on the wire (`platform/http`), so nothing here knows a status code.
 */
export abstract class DomainError extends Error {
  /**
   * @param code stable, kebab-case; clients branch on it
   * @param message names the rule and the current state: "order 42 cannot be shipped: it is CANCELLED"
   * @param details plain data that a client may want to read without parsing the message
   */
  constructor(
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** What was asked for does not exist. */
export class NotFound extends DomainError {}

/** The request is well formed, but the present state forbids it. */
export class Refused extends DomainError {}

/** Whoever asks has not shown to be who may: a signature is missing, or wrong. */
export class Unproven extends DomainError {}

/** Nothing is wrong with the request, but it cannot be done at the moment. */
export class Unavailable extends DomainError {
  /** @param retryAfterSeconds when it makes sense to come back */
  constructor(
    code: string,
    message: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(code, message);
  }
}

/** A value breaks a rule that holds in any state. `path` names the field as the caller wrote it: `price.amount`. */
export class Invalid extends DomainError {
  constructor(
    code: string,
    readonly path: string,
    message: string,
  ) {
    super(code, `${path} ${message}`);
    this.rule = message;
  }

  /** The rule alone, without the field: "must be an ISBN-13 with a correct check digit". */
  readonly rule: string;
}
