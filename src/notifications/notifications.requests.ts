import { PageQuery, Uuid } from '../platform/http/fields';

export class BrowseNotificationsRequest extends PageQuery {
  @Uuid({ optional: true }) orderId?: string;
}
