import { CallHandler, ExecutionContext, Injectable, NestInterceptor, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Observable } from 'rxjs';
import { Invalid } from '../../kernel/domain-error';
import { Progress } from '../reactions/progress';
import { ReactionDefinition } from '../reactions/reaction-definition';
import { Reactions } from '../reactions/reactions.service';
import { newRequest, Request, withinRequest } from '../unit-of-work/cause';
import { ServiceUnavailable } from './problem';

/** How long a reader waits for the reactions that feed what it reads, in milliseconds. */
const LONGEST_WAIT = 5_000;

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const CORRELATION = /^[\w.:-]{1,64}$/;

/**
 * Makes every HTTP request the cause of what follows from it, and tells in `Event-Position` how far the log had come
 * when its commands were stored.
 */
export function carryEventPositions(app: NestFastifyApplication): void {
  const requests = new WeakMap<object, Request>();
  const fastify = app.getHttpAdapter().getInstance();
  // After the body has been read: its arrival would lose the asynchronous context again.
  fastify.addHook('preHandler', (incoming, _reply, done) => {
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
  const { traceparent, 'x-correlation-id': correlationId } = headers;
  return {
    ...newRequest('anonymous'),
    ...(typeof correlationId === 'string' && CORRELATION.test(correlationId) ? { correlationId } : {}),
    ...(typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? { traceparent } : {}),
  };
}

/**
 * Answers a request with the header `Min-Event-Position` once every reaction of the controller's own module has passed
 * that position: a context's tables are fed by its own reactions and by nothing else.
 */
@Injectable()
export class MinEventPosition implements NestInterceptor {
  private feeding: ReadonlyMap<Type, ReactionDefinition[]> | undefined;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly reactions: Reactions,
    private readonly progress: Progress,
  ) {}

  /** @throws Invalid for a header that is no position; ServiceUnavailable when the reactions stay behind */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    const wanted = headers['min-event-position'];
    if (wanted !== undefined) await this.waitFor(wanted, this.feedersOf(context.getClass()));
    return next.handle();
  }

  /** Looked up on the first request: only then are all reactions found for certain. */
  private feedersOf(controller: Type): readonly ReactionDefinition[] {
    this.feeding ??= new Map(
      [...this.modules.values()].flatMap((module) => {
        const feeding = this.reactions.all.filter((reaction) => reaction.module === module);
        return [...module.controllers.values()].map(({ metatype }) => [metatype as Type, feeding] as const);
      }),
    );
    return this.feeding.get(controller) ?? [];
  }

  private async waitFor(wanted: string, feeding: readonly ReactionDefinition[]): Promise<void> {
    if (!/^\d{1,15}$/.test(wanted)) {
      throw new Invalid('position-invalid', 'Min-Event-Position', 'must be a position that Event-Position has given');
    }
    if (await this.progress.passed(feeding, Number(wanted), LONGEST_WAIT)) return;
    throw new ServiceUnavailable(
      'reactions-behind',
      `what is asked for does not yet show everything up to position ${wanted}`,
      1,
    );
  }
}
