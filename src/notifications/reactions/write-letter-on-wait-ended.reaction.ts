import { IEventHandler } from '@nestjs/cqrs';
import { Reaction } from '../../platform/reactions/reaction.decorator';
import { WaitEnded } from '../../waiting-list/waiting-list.events';
import { Letter } from '../model/letter';
import { bookIsBackLetter, bookIsOutLetter } from '../model/letters';
import { NotificationRepository } from '../persistence/notification.repository';
import { writeOnce } from './write-once';

/** Writes to whoever has waited for a book, when the wait is over. Nobody is written to about one that will not come. */
@Reaction(WaitEnded, 'notifications.write-to-waiter')
export class WriteLetterOnWaitEnded implements IEventHandler<WaitEnded> {
  constructor(private readonly notifications: NotificationRepository) {}

  async handle(event: WaitEnded): Promise<void> {
    const recipient = { name: '', email: event.email };
    const write = (kind: string, letter: Letter) => writeOnce(this.notifications, event, { kind, letter, recipient });
    if (event.why === 'published') await write('book-published', bookIsOutLetter(event));
    if (event.why === 'back-in-stock') await write('book-back-in-stock', bookIsBackLetter(event));
  }
}
