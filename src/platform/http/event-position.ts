import { CanActivate, ExecutionContext, Injectable, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Invalid } from '../../kernel/domain-error';
import { Progress } from '../reactions/progress';
import { ReactionDefinition } from '../reactions/reaction-definition';
import { Reactions } from '../reactions/reactions.service';
import { newRequest, Request, withinRequest } from '../unit-of-work/cause';
import { RequestInvalid, ServiceUnavailable } from './problem';

/** How long a reader waits for the reactions that feed what it reads, in milliseconds. */
const LONGEST_WAIT = 5_000;

interface Incoming {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const CORRELATION = /^[\w.:-]{1,64}$/;
/** A name, an address, an account: what somebody is called who is answerable. */
const ACTOR = /^[\w.:@+-]{1,100}$/;

/**
 * Makes every HTTP request the cause of what follows from it, in the name of its `X-Actor`, and tells in `Event-Position` how far the log had come
 * when its commands were stored.
 */
export function carryEventPositions(app: NestFastifyApplication): void {
  const requests = new WeakMap<object, Request>();
  const fastify = app.getHttpAdapter().getInstance();
  // After the body has been read: its arrival would lose the asynchronous context again.
  fastify.addHook('preHandler', (incoming, _reply, done) => {
    const { 'x-actor': actor } = incoming.headers;
    // What is done in nobody's name cannot be put right afterwards: the log is never rewritten.
    if (actor !== undefined && !(typeof actor === 'string' && ACTOR.test(actor))) {
      return done(
        new RequestInvalid([{ path: 'X-Actor', message: 'must be 1 to 100 letters, digits or . : @ + - _' }]),
      );
    }
    const request = requestFrom(incoming.headers);
    requests.set(incoming, request);
    withinRequest(request, done);
  });
  fastify.addHook('onSend', (incoming, reply, payload, done) => {
    const position = requests.get(incoming)?.position;
    if (position !== undefined) void reply.header('event-position', String(position));
    done(null, payload);
  });
}

function requestFrom(headers: Record<string, unknown>): Request {
  const { traceparent, 'x-correlation-id': correlationId, 'x-actor': actor = 'anonymous' } = headers;
  return {
    ...newRequest(actor as string),
    ...(typeof correlationId === 'string' && CORRELATION.test(correlationId) ? { correlationId } : {}),
    ...(typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? { traceparent } : {}),
  };
}

/**
 * Answers a request with the header `Min-Event-Position` once every reaction of the controller's own module has passed
 * that position: a context's tables are fed by its own reactions and by nothing else. A command also waits for the
 * modules that have in-transaction reactions, as these take part in it. It is a guard, and lets everything pass in the end:
 * an interceptor costs each request a tenth of its time.
 */
@Injectable()
export class MinEventPosition implements CanActivate {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly reactions: Reactions,
    private readonly progress: Progress,
  ) {}

  /** @throws Invalid for a header that is no position; ServiceUnavailable when the reactions stay behind */
  canActivate(context: ExecutionContext): true | Promise<true> {
    const { method, headers } = context.switchToHttp().getRequest<Incoming>();
    const wanted = headers['min-event-position'];
    if (wanted === undefined) return true;
    const isRead = method === 'GET' || method === 'HEAD';
    return this.waitFor(wanted, this.feeding(context.getClass(), isRead));
  }

  private feeding(controller: Type, isRead: boolean): readonly ReactionDefinition[] {
    const { all } = this.reactions;
    const own = [...this.modules.values()].find(({ controllers }) => controllers.has(controller));
    const within = isRead ? [] : all.filter(({ mode }) => mode === 'in-transaction');
    const modules = new Set<unknown>([own, ...within.map(({ module }) => module)]);
    return all.filter(({ module }) => modules.has(module));
  }

  private async waitFor(wanted: string, feeding: readonly ReactionDefinition[]): Promise<true> {
    if (!/^\d{1,15}$/.test(wanted)) {
      throw new Invalid('position-invalid', 'Min-Event-Position', 'must be a position that Event-Position has given');
    }
    if (await this.progress.passed(feeding, Number(wanted), LONGEST_WAIT)) return true;
    throw new ServiceUnavailable(
      'reactions-behind',
      `what is asked for does not yet show everything up to position ${wanted}`,
      1,
    );
  }
}
