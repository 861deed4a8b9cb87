/** What is going to happen, in the order in which it does. */
export class Agenda<What> {
  /** The next one is the last. */
  private readonly entries: { readonly at: number; readonly what: What }[] = [];

  /** @param at milliseconds since 1970; of several at the same time the first that was added comes first */
  add(at: number, what: What): void {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.entries[middle].at < at) high = middle;
      else if (this.entries[middle].at > at) low = middle + 1;
      else high = middle;
    }
    this.entries.splice(low, 0, { at, what });
  }

  /** Takes what comes next, if that is before `end`. */
  next(end: number): { readonly at: number; readonly what: What } | undefined {
    const next = this.entries.at(-1);
    return next && next.at < end ? this.entries.pop() : undefined;
  }
}
