import { FastifyAdapter } from '@nestjs/platform-fastify';
import { isUtf8 } from 'node:buffer';
import { STATUS_CODES, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

import type { Socket } from 'node:net';
import { RequestInvalid, Problem, problemFrom, ServiceUnavailable, writeProblem } from './problem';
import { answer, answerRaw, PROBLEM_JSON, type Outgoing } from './problem-details.filter';
import { RouteTable } from './route-table';
import { complaintAboutJson, complaintAboutUrl } from './text';

const BODY_LIMIT = 1024 * 1024;
/** When the program stops, a client has so long to send the rest of its request and to take the answer, in milliseconds. */
const LAST_ANSWERS = 4_500;
const STREAMED = ['text/csv', 'application/x-ndjson'];

/**
 * The HTTP server under Nest: what may come in, and how broken input is answered before any controller sees it.
 *
 * - JSON bodies up to 1 MB; an empty one is undefined. The bytes stay readable as `request.rawBody`, for signatures.
 * - `text/csv` and `application/x-ndjson` reach routes with `@RouteConfig({ streams: true })` as the unread stream, of
 *   any length. Those routes take nothing else, and no other route takes these.
 * - Everything else is refused as problem details: 400, 404, 405, 413, 414, 415, 431.
 *
 * Nest adds no body parsers of its own to this adapter.
 */
export function createFastifyAdapter(): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    // An e-mail address in a path has up to 254 characters; Fastify's default is 100.
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: (error: Error, _request: unknown, reply: unknown) => answer(reply as Outgoing, problemFrom(error)),
    clientErrorHandler: answerSocket,
    // Node would refuse a request without Host with an empty body; so it is refused below.
    http: { requireHostHeader: false },
    // Fastify's own 503 is no problem details; ours follows below.
    return503OnClosing: false,
  });
  const server = adapter.getInstance();
  const routes = new RouteTable();
  let closing = false;

  server.addHook('onRoute', (route) => {
    routes.add(route.url, [route.method].flat());
    if (isStreamed(route.config)) route.preParsing = refuseAllButStreams;
  });
  server.addHook('preClose', (done) => {
    closing = true;
    setTimeout(() => server.server.closeAllConnections(), LAST_ANSWERS).unref();
    done();
  });
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) void reply.header('connection', 'close');
    done();
  });
  // Before the body is read: there is no need to receive 1 MB for a route that does not exist.
  server.addHook('preParsing', (request, reply, _payload, done) => {
    if (closing) done(new ServiceUnavailable('shutting-down', 'The shop is closing. Another instance may be open.', 1));
    else if (request.headers.host === undefined && request.raw.httpVersion === '1.1') done(hostMissing);
    else if (request.is404) routes.answer(request, reply, done);
    else done(checkUrl(request.raw.url ?? '', request.params, request.query));
  });

  server.server.on('checkExpectation', (_request, response: ServerResponse) => answerRaw(response, expectationUnknown));

  server.removeAllContentTypeParsers();
  // Through the adapter, which from then on believes the parsers to be complete and adds none at init.
  adapter.useBodyParser('application/json', true, { bodyLimit: BODY_LIMIT }, (_request, bytes, done) => {
    try {
      done(null, parseJson(bytes));
    } catch (error) {
      done(error as Problem);
    }
  });
  server.addContentTypeParser(STREAMED, (request, payload, done) => {
    if (isStreamed(request.routeOptions.config)) done(null, payload);
    else done(mediaTypeUnsupported('This route reads application/json, not a stream of lines.'));
  });
  return adapter;
}

/** Whether the route said `@RouteConfig({ streams: true })`. */
const isStreamed = (config: object | undefined): boolean =>
  config !== undefined && 'streams' in config && config.streams === true;

const mediaTypeUnsupported = (detail: string): Problem => new Problem(415, 'media-type-unsupported', detail);

/** As a hook before the body of a route that streams is touched. */
function refuseAllButStreams(
  request: { headers: IncomingHttpHeaders },
  _reply: unknown,
  _payload: unknown,
  done: (problem?: Problem) => void,
): void {
  const mediaType = request.headers['content-type']?.split(';', 1)[0].trim().toLowerCase();
  if (mediaType !== undefined && STREAMED.includes(mediaType)) done();
  else done(mediaTypeUnsupported(`This route reads ${STREAMED.join(' or ')}.`));
}

/** A URL without a % cannot hold any of the characters that are refused: nothing to do for most requests. */
function checkUrl(url: string, params: unknown, query: unknown): Problem | null {
  if (!url.includes('%')) return null;
  const complaint = complaintAboutUrl(url, params, query);
  return complaint ? new RequestInvalid([complaint]) : null;
}

/**
 * What JSON.parse makes of the bytes; undefined for none.
 * @throws Problem 400 for bytes that are not UTF-8 or not JSON, and for values that no route can take
 */
function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw new Problem(400, 'body-not-utf8', 'The body is not valid UTF-8.');
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    // Some clients start with a byte order mark, which JSON.parse refuses.
    value = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (error) {
    throw new Problem(400, 'body-not-json', `The body is not valid JSON: ${(error as SyntaxError).message}`);
  }
  // Only an escape can write NUL or half a surrogate pair in UTF-8 JSON, so most bodies need no look at their strings.
  const complaint = complaintAboutJson(value, text.includes('\\u'));
  if (complaint) throw complaint;
  return value;
}

const socketProblems: ReadonlyMap<string, Problem> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', new Problem(408, 'request-timeout', 'The request took too long to arrive.')],
  ['HPE_HEADER_OVERFLOW', new Problem(431, 'headers-too-large', 'The request line and headers are too large.')],
]);
const requestMalformed = new Problem(400, 'request-malformed', 'This is not an HTTP request.');

const hostMissing = new Problem(400, 'host-missing', 'An HTTP/1.1 request has a Host header.');
const expectationUnknown = new Problem(417, 'expectation-failed', 'The only Expect that is met is 100-continue.');

/** Answers what Node could not read as HTTP, where there is only a socket to write to. */
function answerSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const problem = socketProblems.get(error.code ?? '') ?? requestMalformed;
  const body = writeProblem(problem);
  if (socket.writable) {
    socket.end(
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nContent-Type: ${PROBLEM_JSON}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      () => socket.destroy(),
    );
  } else {
    socket.destroy();
  }
}
