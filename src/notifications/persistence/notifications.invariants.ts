import { effectOnce, Invariant, invariants } from '../../platform/invariants/invariant';

export const NOTIFICATIONS_INVARIANTS = invariants([
  effectOnce(
    'notifications.write-letter',
    [
      'orders.order-placed',
      'orders.order-confirmed',
      'orders.order-shipped',
      'orders.order-delivered',
      'orders.order-cancelled',
    ],
    '(SELECT count(*) FROM notifications_notification WHERE event_id = event.id) = 1',
  ),
  effectOnce(
    'notifications.write-to-staff',
    ['alerts.alert-raised', 'alerts.alert-cleared'],
    `(SELECT count(*) FROM notifications_notification WHERE event_id = event.id)
       = CASE WHEN coalesce(json_extract(event.facts, '$.reason'), '') = 'rule-retired' THEN 0 ELSE 1 END`,
  ),
  effectOnce(
    'notifications.write-to-waiter',
    ['waiting-list.wait-ended'],
    `(SELECT count(*) FROM notifications_notification WHERE event_id = event.id)
       = CASE json_extract(event.facts, '$.why') WHEN 'withdrawn' THEN 0 ELSE 1 END`,
  ),
  effectOnce(
    'notifications.send-mail',
    ['notifications.notification-requested'],
    `EXISTS (SELECT 1 FROM notifications_notification
              WHERE id = json_extract(event.facts, '$.notificationId')
                AND copy + CASE status WHEN 'SENT' THEN 1 ELSE 0 END
                  > coalesce(CAST(json_extract(event.facts, '$.copy') AS bigint), 1))`,
  ),
  new Invariant(
    'a letter that is sent says when',
    `SELECT 'notification ' || id || ' is SENT, but not known when' AS violation
       FROM notifications_notification WHERE status = 'SENT' AND sent_at IS NULL`,
  ),
]);
