import { setImmediate } from 'node:timers/promises';
import { Command, CommandBus, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { BookAdded } from '../../src/catalog/catalog.events';
import { Reaction } from '../../src/platform/reactions/reaction.decorator';

class TakeYourTime extends Command<void> {}

@CommandHandler(TakeYourTime)
class TakeYourTimeHandler implements ICommandHandler<TakeYourTime> {
  async execute(): Promise<void> {
    // Whoever does not wait has returned by then.
    await setImmediate();
  }
}

/** Sends a command, and forgets to wait for it. */
@Reaction(BookAdded, 'test.forget', { retry: { attempts: 1 } })
class ForgetOnBookAdded {
  constructor(private readonly commands: CommandBus) {}

  handle(): void {
    void this.commands.execute(new TakeYourTime());
  }
}

export const providers = [TakeYourTimeHandler, ForgetOnBookAdded];
