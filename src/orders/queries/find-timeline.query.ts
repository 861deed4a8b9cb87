import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { EventLog, StoredEvent } from '../../platform/event-log/event-log';
import { Page } from '../../platform/http/page';
import { Fate, ReactionStatuses } from '../../platform/reactions/reaction-status';
import { OrderNotFound } from '../model/orders.errors';
import { streamOf } from '../persistence/order.repository';

/** Something that happened to an order, and what became of it in each reaction that listens to it. */
export interface TimelineEntry extends Pick<StoredEvent, 'position' | 'type' | 'occurredAt' | 'actor' | 'facts'> {
  readonly reactions: readonly Fate[];
}

/** All that has happened to an order, oldest first. It is never more than its states allow, so one page holds it. */
export class FindTimeline extends Query<Page<TimelineEntry>> {
  constructor(readonly orderId: string) {
    super();
  }
}

@QueryHandler(FindTimeline)
export class FindTimelineHandler implements IQueryHandler<FindTimeline> {
  constructor(
    private readonly log: EventLog,
    private readonly statuses: ReactionStatuses,
  ) {}

  /** @throws OrderNotFound */
  async execute({ orderId }: FindTimeline): Promise<Page<TimelineEntry>> {
    const events = await this.log.ofStream(streamOf(orderId));
    if (events.length === 0) throw new OrderNotFound(orderId);
    const fates = await this.statuses.fates(events);
    const items = events.map((event) => {
      const { position, type, occurredAt, actor, facts } = event;
      return { position, type, occurredAt, actor, facts, reactions: fates.get(event)! };
    });
    return { items };
  }
}
