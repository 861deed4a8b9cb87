import { Module } from '@nestjs/common';
import { publishes } from '../platform/event-log/event-types';
import * as notificationsEvents from './notifications.events';
import { NotificationRepository } from './persistence/notification.repository';
import { WriteLetterOnOrderStep } from './reactions/write-letter-on-order-step.reaction';

@Module({
  providers: [
    publishes(notificationsEvents),
    NotificationRepository,
    // reactions
    WriteLetterOnOrderStep,
  ],
})
export class NotificationsModule {}
