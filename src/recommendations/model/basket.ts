/** Whoever orders more than a few books has not chosen each for the sake of the others. */
export const MOST_BOOKS = 20;

/** Two books of one order, seen from the first. */
export type Pair = readonly [bookId: string, otherId: string];

/** The pairs of the first twenty books of an order, each in both directions: 380 at most, where a hundred books have 9,900. */
export function pairsOf(bookIds: readonly string[]): Pair[] {
  const books = bookIds.slice(0, MOST_BOOKS);
  return books.flatMap((book) => books.filter((other) => other !== book).map((other): Pair => [book, other]));
}
