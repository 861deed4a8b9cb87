import { FileHandle, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Clock } from '../../kernel/clock';
import { Unavailable } from '../../kernel/domain-error';
import { Unrecoverable } from '../../platform/reactions/reaction.decorator';
import { PaymentProvider, RefundOrder } from './payment-provider';

/** A line of the provider's books. */
export interface BookedRefund extends RefundOrder {
  /** RFC 3339. */
  readonly refundedAt: string;
}

/** How a call may fail when it is told to. */
const FAILURES: Readonly<Record<string, () => Error>> = {
  unreachable: () => new Unavailable('payment-provider-unreachable', 'the payment provider cannot be reached'),
  unanswered: () => new Error('the payment provider has closed the connection before it has answered'),
  refused: () => new Unrecoverable('the payment provider refuses the refund'),
};

/**
 * A provider that lives in a directory, for a shop that has no other. It keeps its books in `refunds.ndjson`, to which
 * lines are only added; a refund is told to have been made when its line is on the disk, and its key is never booked
 * twice.
 *
 * A file `failures` beside it makes calls fail: `2 unreachable` the next two. `unreachable` and `refused` book nothing;
 * `unanswered` books, and then fails, so that nobody has heard of it.
 */
export class LocalPaymentProvider extends PaymentProvider {
  private readonly books: string;
  private readonly failures: string;
  /** One call after another: each has to see what the one before has booked. */
  private last: Promise<void> = Promise.resolve();

  /** @param directory made with the first refund */
  constructor(
    private readonly directory: string,
    private readonly clock: Clock,
  ) {
    super();
    this.books = join(directory, 'refunds.ndjson');
    this.failures = join(directory, 'failures');
  }

  protected giveBack(order: RefundOrder): Promise<void> {
    const turn = this.last.then(() => this.answer(order));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async answer(order: RefundOrder): Promise<void> {
    const failure = await this.nextFailure();
    if (failure !== 'unreachable' && failure !== 'refused') await this.book(order);
    if (failure) throw FAILURES[failure]();
  }

  private async book({ key, orderId, amount }: RefundOrder): Promise<void> {
    const line: BookedRefund = { key, orderId, amount, refundedAt: this.clock.now().toISOString() };
    await mkdir(this.directory, { recursive: true });
    const books = await open(this.books, 'a+');
    try {
      const { isBooked, isTorn } = await lookUp(books, key);
      // What a crash has left of a line must not spoil the next one.
      const missing = (isTorn ? '\n' : '') + (isBooked ? '' : `${JSON.stringify(line)}\n`);
      if (missing) await books.appendFile(missing);
      await books.sync();
    } finally {
      await books.close();
    }
    await syncDirectory(this.directory);
  }

  /** Takes one off the failures that are asked for. @throws Error when the file says something else */
  private async nextFailure(): Promise<string | undefined> {
    const asked = await readFile(this.failures, 'utf8').catch((error: unknown) => {
      if (isMissing(error)) return '0 unreachable';
      throw error;
    });
    const [, count, how] = /^(\d+) (\w+)$/.exec(asked.trim()) ?? [];
    if (!count || !Object.hasOwn(FAILURES, how)) {
      throw new Error(`${this.failures} must say how many calls fail and how: ${Object.keys(FAILURES).join(', ')}`);
    }
    if (Number(count) === 0) return undefined;
    const draft = `${this.failures}.tmp`;
    await writeFile(draft, `${Number(count) - 1} ${how}\n`);
    await rename(draft, this.failures);
    return how;
  }
}

/** Reads the books in pieces: they may be longer than the memory is large. */
async function lookUp(books: FileHandle, key: string): Promise<{ isBooked: boolean; isTorn: boolean }> {
  let isBooked = false;
  let rest = '';
  for await (const piece of books.createReadStream({ encoding: 'utf8', start: 0, autoClose: false })) {
    const lines = `${rest}${String(piece)}`.split('\n');
    rest = lines.pop()!;
    isBooked ||= lines.some((line) => keyOf(line) === key);
  }
  return { isBooked: isBooked || keyOf(rest) === key, isTorn: rest !== '' };
}

function keyOf(line: string): string | undefined {
  try {
    return (JSON.parse(line) as BookedRefund).key;
  } catch {
    return undefined;
  }
}

/** That the file is there has to last as well as what is in it. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
