import { Injectable, OnModuleInit } from '@nestjs/common';
import { CommandBus, ICommand, IEventPublisher } from '@nestjs/cqrs';
import { AggregateRoot } from '@nestjs/cqrs';
import { UnitOfWork } from './unit-of-work';

/** Puts every command handler into a unit of work, whoever sends the command. Nothing to remember, nothing to forget. */
@Injectable()
export class CommandsInUnitsOfWork implements OnModuleInit {
  constructor(
    private readonly commands: CommandBus,
    private readonly work: UnitOfWork,
  ) {}

  onModuleInit(): void {
    const execute = this.commands.execute.bind(this.commands) as CommandBus['execute'];
    this.commands.execute = (<R>(command: ICommand, ...rest: []) =>
      this.work.run(command.constructor.name, async () =>
        execute<ICommand, R>(command, ...rest),
      )) as CommandBus['execute'];
  }
}

/** Takes what aggregates publish through Nest's own `EventPublisher` and `EventBus` into the log. */
export const logPublisher = (work: UnitOfWork): IEventPublisher => ({
  publish: (event, aggregate?: unknown) => {
    if (aggregate instanceof AggregateRoot) work.publish(aggregate, [event]);
    else work.publishLoose(event);
  },
  publishAll: (events, aggregate?: unknown) => {
    if (aggregate instanceof AggregateRoot) work.publish(aggregate, events);
    else events.forEach((event) => work.publishLoose(event));
  },
});
