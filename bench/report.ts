/** What a measured number is compared with. */
export interface Target {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One line of the table: a ratio of two figures of the same run, or a time in milliseconds. */
export interface Line {
  readonly what: string;
  readonly value: number;
  readonly unit?: 'ms' | '/s' | 'MB';
  readonly target?: Target;
}

/** What a section has found out. */
export interface Findings {
  readonly lines: readonly Line[];
  /** The figures behind the ratios, medians over the rounds. They hold for the machine that they were taken on. */
  readonly figures: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What was lost, or happened twice. */
  readonly complaints: readonly string[];
  /** Of what no other section needs. */
  readonly versions?: Readonly<Record<string, string>>;
}

/** How long and how often things are measured. */
export interface Effort {
  readonly quick: boolean;
  readonly rounds: number;
  /** Of load, and of warming up before it. */
  readonly seconds: number;
  readonly warmUp: number;
  readonly tell: (progress: string) => void;
}

/** @returns the one in the middle, or the mean of the two there */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Whether a line keeps to its target; nothing when it has none. */
export function isMet({ value, target }: Line): boolean | undefined {
  if (!target) return undefined;
  return value >= (target.atLeast ?? -Infinity) && value <= (target.atMost ?? Infinity);
}

/** @returns a number as people read it: three digits that count */
export const short = (value: number): string =>
  Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
