import { effectOnce, Invariant, invariants } from '../../platform/invariants/invariant';

export const WAITING_LIST_INVARIANTS = invariants([
  new Invariant(
    'nobody waits for what has happened',
    `SELECT 'subscription ' || subscription.id || ' waits for call ' || subscription.call || ' of book ' || book.book_id
              || ', which is not going to come' AS violation
       FROM waiting_list_subscription subscription JOIN waiting_list_book book ON book.book_id = subscription.book_id
      WHERE subscription.call >= book.next_call
        AND (book.is_withdrawn OR NOT book.is_awaited OR (book.is_published AND book.is_in_stock))`,
  ),
  effectOnce(
    'waiting-list.call-waiters',
    ['catalog.book-added', 'catalog.book-published', 'catalog.book-withdrawn'],
    `EXISTS (SELECT 1 FROM waiting_list_book book
              WHERE book.book_id = json_extract(event.facts, '$.bookId')
                AND (event.type <> 'catalog.book-published' OR book.is_published)
                AND (event.type <> 'catalog.book-withdrawn' OR book.is_withdrawn))`,
  ),
  // The last time that a call is raised, nobody is left whom it calls.
  effectOnce(
    'waiting-list.end-waits',
    ['waiting-list.waiters-called'],
    `NOT EXISTS (SELECT 1 FROM waiting_list_subscription subscription
                  WHERE subscription.book_id = json_extract(event.facts, '$.bookId')
                    AND subscription.call = CAST(json_extract(event.facts, '$.call') AS bigint))
     OR EXISTS (SELECT 1 FROM event_log later
                 WHERE later.stream = event.stream AND later.position > event.position
                   AND json_extract(later.facts, '$.call') = json_extract(event.facts, '$.call'))`,
  ),
]);
