import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { Page } from '../platform/http/page';
import { BrowseNotificationsRequest } from './notifications.requests';
import { BrowseNotifications, NotificationOnRecord } from './queries/browse-notifications.query';

@ApiTags('notifications')
@Controller('notifications')
export class NotificationsController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  browse(@Query() filter: BrowseNotificationsRequest): Promise<Page<NotificationOnRecord>> {
    return this.queries.execute(new BrowseNotifications(filter));
  }
}
