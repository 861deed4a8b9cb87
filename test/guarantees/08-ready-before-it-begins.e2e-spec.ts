import { CommandBus } from '@nestjs/cqrs';
import { BookAdded } from '../../src/catalog/catalog.events';
import { Reaction } from '../../src/platform/reactions/reaction.decorator';
import { Bookshelf } from '../support/bookshelf';
import { Client } from '../support/client';
import { Do, DoHandler } from '../support/handlers';
import { removeFolder } from '../support/shop-process';
import { deadLettersOf } from '../support/trade';

const answers: string[] = [];

@Reaction(BookAdded, 'test.delegate', { retry: { attempts: 1 } })
class DelegateOnBookAdded {
  constructor(private readonly commands: CommandBus) {}

  async handle({ title }: BookAdded): Promise<void> {
    await this.commands.execute(new Do(async () => void answers.push(title)));
  }
}

describe('A reaction begins when the program is ready', () => {
  it('to find the handlers of what it sends, also for events that have waited for the shop to open', async () => {
    const providers = [DoHandler, DelegateOnBookAdded];
    const first = await Bookshelf.start({ providers });
    const { folder } = first;
    await first.stop();
    const idle = await Bookshelf.start({ folder, providers, environment: { REACTIONS: 'off' } });
    for (const title of ['Emma', 'Persuasion']) await new Client(idle).addBook({ title });
    await idle.stop();

    const shop = await Bookshelf.start({ folder, providers });
    await shop.settle();
    expect(await deadLettersOf(shop, 'test.delegate')).toEqual([]);
    expect(answers).toEqual(['Emma', 'Persuasion']);
    await shop.stop();
    removeFolder(folder);
  });
});
