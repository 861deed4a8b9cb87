import { seeded } from '../../kernel/random';

/** Chance that falls the same way for the same seed. */
export class Dice {
  private readonly next: () => number;

  constructor(seed: number) {
    this.next = seeded(seed);
  }

  /** @returns a number from `least` (inclusive) to `most` (exclusive) */
  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  /** @returns a whole number from `least` to `most`, both inclusive */
  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  oneOf<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)];
  }

  /** One of a list of which the first is wanted most, the second half as often, the third a third as often (Zipf). */
  favourite<T>(list: readonly T[]): T {
    return list[Math.floor((list.length + 1) ** this.next()) - 1];
  }

  /** @returns the same list in another order */
  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((one) => ({ one, place: this.next() }))
      .sort((a, b) => a.place - b.place)
      .map(({ one }) => one);
  }
}
