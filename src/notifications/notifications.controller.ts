import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { IdParam } from '../platform/http/fields';
import { Page } from '../platform/http/page';
import { ResendNotification } from './commands/resend-notification.command';
import { BrowseNotificationsRequest } from './notifications.requests';
import { BrowseNotifications } from './queries/browse-notifications.query';
import { FindNotification } from './queries/find-notification.query';
import type { NotificationOnRecord } from './queries/notification-on-record';

@ApiTags('notifications')
@Controller('notifications')
export class NotificationsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Lists letters in the order of the events that they tell of' })
  browse(@Query() filter: BrowseNotificationsRequest): Promise<Page<NotificationOnRecord>> {
    return this.queries.execute(new BrowseNotifications(filter));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Shows to whom a letter goes, and whether it was sent' })
  find(@IdParam('id') id: string): Promise<NotificationOnRecord> {
    return this.queries.execute(new FindNotification(id));
  }

  @Post(':id/resend')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Sends a letter once more',
    description: 'The letter is on its way when this is answered: PENDING until the mail has taken it.',
  })
  async resend(@IdParam('id') id: string): Promise<NotificationOnRecord> {
    await this.commands.execute(new ResendNotification(id));
    return this.queries.execute(new FindNotification(id));
  }
}
