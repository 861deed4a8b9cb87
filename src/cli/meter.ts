import { Format, SingleBar } from 'cli-progress';

/** Where nobody watches a bar, a line so often will do, in milliseconds. */
const LINE_EVERY = 3_000;

/** Tells how far a long piece of work has come: a bar for people, lines for log files. */
export interface Meter {
  /** @param done of the total; `text` is what it means in the words of the trade */
  show(done: number, text: string): void;
  stop(): void;
}

export const meterOf = (title: string, total: number): Meter =>
  process.stderr.isTTY ? new BarMeter(title, total) : new LineMeter(title, total);

class BarMeter implements Meter {
  private readonly bar: SingleBar;

  constructor(
    title: string,
    private readonly total: number,
  ) {
    this.bar = new SingleBar({
      format: (options, { progress }, { text }: { text: string }) =>
        `${title} ${Format.BarFormat(progress, options)} ${String(Math.floor(progress * 100)).padStart(3)} %  ${text}`,
      barsize: 24,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      linewrap: false,
    });
    this.bar.start(Math.max(1, total), 0, { text: '' });
  }

  show(done: number, text: string): void {
    this.bar.update(Math.min(done, Math.max(1, this.total)), { text });
  }

  stop(): void {
    this.bar.stop();
  }
}

class LineMeter implements Meter {
  private shown = Date.now();

  constructor(
    private readonly title: string,
    private readonly total: number,
  ) {}

  show(done: number, text: string): void {
    if (Date.now() - this.shown < LINE_EVERY) return;
    this.shown = Date.now();
    const share = this.total === 0 ? 1 : done / this.total;
    process.stderr.write(`${this.title} ${Math.floor(share * 100)} %  ${text}\n`);
  }

  stop(): void {}
}
