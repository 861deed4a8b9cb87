import { effectOnce, Invariant, invariants } from '../../platform/invariants/invariant';

export const CATALOG_INVARIANTS = invariants([
  new Invariant(
    'each book that was added is stored',
    `SELECT event.stream || ' was added at position ' || event.position || ', but is not stored' AS violation
       FROM event_log event
      WHERE event.type = 'catalog.book-added' AND NOT EXISTS (
        SELECT 1 FROM catalog_book WHERE id = json_extract(event.facts, '$.bookId'))`,
  ),
  new Invariant(
    'each book that is stored was added',
    `SELECT 'book ' || id || ' is stored, but no event tells that it was added' AS violation
       FROM catalog_book WHERE NOT EXISTS (
        SELECT 1 FROM event_log event WHERE event.stream = 'catalog.book/' || catalog_book.id AND event.type || '' = 'catalog.book-added')`,
  ),
  new Invariant(
    'each book that is published has come out once, whoever has published it, and no other has',
    `SELECT 'book ' || id || ' is ' || status || ', and has come out ' || times || ' times' AS violation
       FROM (SELECT id, status, (SELECT count(*) FROM event_log event
               WHERE event.stream = 'catalog.book/' || catalog_book.id AND event.type || '' = 'catalog.book-published') AS times
               FROM catalog_book) AS book
      WHERE times > 1 OR (status = 'PUBLISHED' AND times = 0) OR (status = 'ADDED' AND times > 0)`,
  ),
  effectOnce(
    'catalog.browse',
    ['catalog.book-added', 'catalog.book-published'],
    `EXISTS (SELECT 1 FROM catalog_browse WHERE book_id = json_extract(event.facts, '$.bookId')
                AND (published OR event.type || '' = 'catalog.book-added'))
       OR EXISTS (SELECT 1 FROM event_log later WHERE later.stream = event.stream AND later.type || '' = 'catalog.book-withdrawn')`,
  ),
]);
