import { ArgumentsHost, Catch, ExceptionFilter, Logger, NotFoundException } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { Problem, problemFrom, writeProblem } from './problem';

/** What is read of Fastify's request. Named here as Nest brings its own copy of Fastify, with types of its own. */
export interface Incoming {
  readonly method: string;
  readonly url: string;
  readonly is404: boolean;
}

/** What is used of Fastify's reply. */
export interface Outgoing {
  readonly sent: boolean;
  readonly raw: ServerResponse;
  code(status: number): Outgoing;
  headers(headers: Readonly<Record<string, string>>): Outgoing;
  type(mediaType: string): Outgoing;
  send(body?: string): Outgoing;
}

/** The media type of every error. */
export const PROBLEM_JSON = 'application/problem+json; charset=utf-8';

/** Answers every error of every route, hook and guard as problem details (RFC 9457). */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Incoming>();
    const response = http.getResponse<Outgoing | ServerResponse>();
    const problem =
      error instanceof NotFoundException && request.is404
        ? routeNotFound(request.method, request.url)
        : problemFrom(error);
    if (problem.status >= 500 && problem.status !== 503) {
      this.logger.error(
        `${request.method} ${request.url}: ${error instanceof Error ? error.message : inspect(error)}`,
        error instanceof Error ? error.stack : undefined,
      );
    }
    if ('raw' in response) answer(response, problem);
    else answerRaw(response, problem);
  }
}

/** No route has this path, under any method. */
export const routeNotFound = (method: string, url: string): Problem =>
  new Problem(404, 'route-not-found', `There is no ${method} ${url.split('?', 1)[0]}.`);

/** Sends the problem, unless an answer is already on its way: then the connection breaks, as a half answer must not look whole. */
export function answer(reply: Outgoing, problem: Problem): void {
  if (reply.sent) {
    if (!reply.raw.writableEnded) reply.raw.destroy();
    return;
  }
  reply
    .code(problem.status)
    .headers(problem.extras.headers ?? {})
    .type(PROBLEM_JSON)
    .send(writeProblem(problem));
}

/** The same where Fastify is not in between: Nest's middleware gets Node's own response. */
export function answerRaw(response: ServerResponse, problem: Problem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = writeProblem(problem);
  const length = Buffer.byteLength(body);
  response.writeHead(problem.status, {
    ...problem.extras.headers,
    'content-type': PROBLEM_JSON,
    'content-length': length,
  });
  response.end(body);
}
