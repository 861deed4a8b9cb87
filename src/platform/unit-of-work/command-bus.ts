import { Injectable, OnModuleInit } from '@nestjs/common';
import { AggregateRoot, AsyncContext, CommandBus, ICommand, IEventPublisher } from '@nestjs/cqrs';
import { UnitOfWork } from './unit-of-work';

/** Puts every command handler into a unit of work, whoever sends the command. Nothing to remember, nothing to forget. */
@Injectable()
export class CommandsInUnitsOfWork implements OnModuleInit {
  constructor(
    private readonly commands: CommandBus,
    private readonly work: UnitOfWork,
  ) {}

  onModuleInit(): void {
    const execute = this.commands.execute.bind(this.commands);
    this.commands.execute = <R>(command: ICommand, context?: AsyncContext): Promise<R> =>
      this.work.run(command.constructor.name, async () => execute<ICommand, R>(command, context));
  }
}

/** Takes what aggregates publish through Nest's own `EventPublisher` and `EventBus` into the log. */
export const logPublisher = (work: UnitOfWork): IEventPublisher => ({
  publish: (event, aggregate?: unknown) => {
    if (isAggregate(aggregate)) work.publish(aggregate, [event]);
    else work.publishLoose(event);
  },
  publishAll: (events, aggregate?: unknown) => {
    if (isAggregate(aggregate)) work.publish(aggregate, events);
    else events.forEach((event) => work.publishLoose(event));
  },
});

const isAggregate = (one: unknown): one is AggregateRoot => one instanceof AggregateRoot;
