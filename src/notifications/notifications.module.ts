import { Module } from '@nestjs/common';
import { publishes } from '../platform/event-log/event-types';
import { explains } from '../platform/why/explains';
import { MarkNotificationSentHandler } from './commands/mark-notification-sent.command';
import { NoteAttemptHandler } from './commands/note-attempt.command';
import { ResendNotificationHandler } from './commands/resend-notification.command';
import { mailer } from './outside/mailer.provider';
import { NotificationsController } from './notifications.controller';
import * as notificationsEvents from './notifications.events';
import { StaffAddress } from './notifications.settings';
import { NOTIFICATIONS_INVARIANTS } from './persistence/notifications.invariants';
import { NotificationRepository, streamOf } from './persistence/notification.repository';
import { BrowseNotificationsHandler } from './queries/browse-notifications.query';
import { FindNotificationHandler } from './queries/find-notification.query';
import { SendMailOnNotificationRequested } from './reactions/send-mail-on-notification-requested.reaction';
import { WriteLetterOnOrderStep } from './reactions/write-letter-on-order-step.reaction';
import { WriteToStaffOnAlert } from './reactions/write-to-staff-on-alert.reaction';
import { WriteLetterOnWaitEnded } from './reactions/write-letter-on-wait-ended.reaction';

@Module({
  controllers: [NotificationsController],
  providers: [
    publishes(notificationsEvents),
    explains('notification', streamOf),
    NOTIFICATIONS_INVARIANTS,
    NotificationRepository,
    mailer,
    StaffAddress.provider,
    // commands
    NoteAttemptHandler,
    MarkNotificationSentHandler,
    ResendNotificationHandler,
    // queries
    BrowseNotificationsHandler,
    FindNotificationHandler,
    // reactions
    WriteLetterOnOrderStep,
    WriteToStaffOnAlert,
    WriteLetterOnWaitEnded,
    SendMailOnNotificationRequested,
  ],
})
export class NotificationsModule {}
