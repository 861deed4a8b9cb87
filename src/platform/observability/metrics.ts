import { Injectable } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { EventLog } from '../event-log/event-log';
import { ReactionStatuses } from '../reactions/reaction-status';

/** Seconds: from an answer out of the cache to one that is about to be given up. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The figures by which a program that watches others watches this one, in the words of Prometheus. */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();
  private readonly requests = new Histogram({
    name: 'bookshelf_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last one of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers: [this.registry],
  });
  private readonly position = this.gauge('event_log_position', 'Position of the last event in the log.');
  private readonly lag = this.ofReaction('lag_events', 'Events that the reaction has still to read, up to 10,000.');
  private readonly deferred = this.ofReaction(
    'deferred_events',
    'Events that are tried again, or wait behind such a one.',
  );
  private readonly dead = this.ofReaction('dead_letters', 'Events that the reaction has given up on.');
  private readonly paused = this.ofReaction('paused', '1 while nothing works that the reaction tries.');
  private watchesProcess = false;

  constructor(
    private readonly log: EventLog,
    private readonly statuses: ReactionStatuses,
  ) {}

  /** Of what type the text is. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** Times every request from now on. @param app not yet initialised */
  timeRequestsOf(app: NestFastifyApplication): void {
    const { requests } = this;
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onResponse', (request, reply, done) => {
        // Paths that no route has are as many as there are people who look for them.
        const route = request.routeOptions.url ?? 'none';
        requests.labels(request.method, route, String(reply.statusCode)).observe(reply.elapsedTime / 1000);
        done();
      });
  }

  /** All figures as they are now, as text. */
  async asText(): Promise<string> {
    // Not before somebody asks: to watch the event loop and the garbage collector costs a little, all the time.
    if (!this.watchesProcess) collectDefaultMetrics({ register: this.registry });
    this.watchesProcess = true;
    const [position, reactions] = await Promise.all([this.log.head(), this.statuses.all()]);
    this.position.set(position);
    for (const { name, lag, deferred, dead, paused } of reactions) {
      this.lag.set({ reaction: name }, lag);
      this.deferred.set({ reaction: name }, deferred);
      this.dead.set({ reaction: name }, dead);
      this.paused.set({ reaction: name }, paused ? 1 : 0);
    }
    return this.registry.metrics();
  }

  private ofReaction(name: string, help: string): Gauge {
    return this.gauge(`reaction_${name}`, help, ['reaction']);
  }

  private gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name: `bookshelf_${name}`, help, labelNames, registers: [this.registry] });
  }
}
