import { BeforeApplicationShutdown, Injectable, Logger, OnModuleInit } from '@nestjs/common';
import { AggregateRoot, AsyncContext, CommandBus, ICommand, IEventPublisher } from '@nestjs/cqrs';
import { Environment } from '../environment';
import { Stopping, TimedOut, withinTime } from './time-limit';
import { UnitOfWork } from './unit-of-work';

/**
 * Puts every command handler into a unit of work, whoever sends the command. Nothing to remember, nothing to forget. A
 * handler that does not come to its end is given up: everybody else waits for it.
 */
@Injectable()
export class CommandsInUnitsOfWork implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Commands');
  private readonly stopping = new Stopping();
  private readonly timeLimit: number;

  constructor(
    private readonly commands: CommandBus,
    private readonly work: UnitOfWork,
    environment: Environment,
  ) {
    this.timeLimit = environment.wholeNumber('COMMAND_TIME_LIMIT', 30_000, { min: 1, max: 3_600_000 });
  }

  onModuleInit(): void {
    const execute = this.commands.execute.bind(this.commands);
    this.commands.execute = <R>(command: ICommand, context?: AsyncContext): Promise<R> =>
      this.work.run(command.constructor.name, () => this.inTime(command, () => execute<ICommand, R>(command, context)));
  }

  beforeApplicationShutdown(): void {
    this.stopping.begin();
  }

  private async inTime<R>(command: ICommand, execute: () => Promise<R>): Promise<R> {
    try {
      return await withinTime(execute, this.timeLimit, this.stopping);
    } catch (error) {
      if (error instanceof TimedOut) this.logger.error(`${command.constructor.name} ${error.message}: it is given up`);
      throw error;
    }
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
