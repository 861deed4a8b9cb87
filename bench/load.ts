import { connect, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** What the load process is told to do, as JSON on its standard input. */
export interface Job {
  readonly url: string;
  readonly send: 'book' | 'order' | 'browse';
  /** What is browsed. */
  readonly path?: string;
  readonly connections: number;
  /** It ends after so many seconds, or after so many requests. */
  readonly seconds?: number;
  readonly requests?: number;
  /** The number of the first book, from which its ISBN is made. */
  readonly first?: number;
  /** One book in so many has the ISBN of book 0. */
  readonly refusedOneIn?: number;
  /** The book that is ordered. */
  readonly bookId?: string;
  /** How long a connection waits after each answer, in milliseconds. */
  readonly pause?: number;
}

/** What it has seen, as JSON on its standard output. Times are in milliseconds, moments in those since 1970. */
export interface Load {
  readonly requests: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p99: number;
  readonly began: number;
  readonly ended: number;
}

/** One connection that is kept: a request goes out when the answer to the one before is in. */
class Connection {
  private readonly socket: Socket;
  private received: Buffer = Buffer.alloc(0);
  private answer: ((status: number) => void) | undefined;
  private fail: (error: Error) => void = () => undefined;

  constructor({ hostname, port }: URL) {
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.socket.on('data', (bytes: Buffer) => this.take(bytes));
    this.socket.on('error', (error) => this.fail(error));
    this.socket.on('close', () => this.fail(new Error('the server has closed the connection')));
  }

  /** @returns the status of the answer, once all of it is there */
  send(request: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.answer = resolve;
      this.fail = reject;
      this.socket.write(request);
    });
  }

  close(): void {
    this.fail = () => undefined;
    this.socket.destroy();
  }

  private take(bytes: Buffer): void {
    this.received = this.received.length ? Buffer.concat([this.received, bytes]) : bytes;
    const endOfHead = this.received.indexOf('\r\n\r\n');
    if (endOfHead < 0) return;
    const head = this.received.toString('latin1', 0, endOfHead);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.received.length < endOfHead + 4 + length) return;
    this.received = Buffer.alloc(0);
    this.answer?.(Number(head.slice(9, 12)));
  }
}

async function main(): Promise<void> {
  const job = JSON.parse(await text(process.stdin)) as Job;
  const url = new URL(job.url);
  const connections = Array.from({ length: job.connections }, () => new Connection(url));
  const next = requestsOf(job, url);
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const began = Date.now();
  const until = job.seconds === undefined ? Infinity : performance.now() + job.seconds * 1000;
  let left = job.requests ?? Infinity;
  await Promise.all(
    connections.map(async (connection) => {
      while (left > 0 && performance.now() < until) {
        left--;
        const request = next();
        const sent = performance.now();
        const status = await connection.send(request);
        latencies.push(performance.now() - sent);
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (job.pause) await new Promise((resolve) => setTimeout(resolve, job.pause));
      }
    }),
  );
  const ended = Date.now();
  for (const connection of connections) connection.close();
  latencies.sort((one, other) => one - other);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  const load: Load = { requests: latencies.length, statuses, p50: at(0.5), p99: at(0.99), began, ended };
  process.stdout.write(JSON.stringify(load));
}

/** @returns what makes one request after another, ready to be sent */
function requestsOf({ send, path: browsed, first = 0, refusedOneIn, bookId }: Job, { host }: URL): () => string {
  if (send === 'browse') return () => `GET ${browsed} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const post = (path: string, body: object) => {
    const json = JSON.stringify(body);
    return `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
  };
  if (send === 'order') {
    const order = post('/orders', {
      customer: { name: 'Alice Johnson', email: 'alice@example.com' },
      shippingAddress: '123 Main St, Anytown',
      items: [{ bookId, quantity: 1 }],
    });
    return () => order;
  }
  let number = first;
  return () => {
    number++;
    return post('/books', bookNumber(number, refusedOneIn && number % refusedOneIn === 0 ? 0 : number));
  };
}

const bookNumber = (number: number, isbn: number) => ({
  title: `The Great Book of ${number}`,
  author: 'F. Scott Fitzgerald',
  isbn: isbnOf(isbn),
  price: { amount: 12.99, currency: 'USD' },
});

/** @returns the ISBN-13 with this number */
export function isbnOf(number: number): string {
  const twelve = `978${String(number).padStart(9, '0')}`;
  const sum = [...twelve].reduce((total, digit, at) => total + Number(digit) * (at % 2 === 0 ? 1 : 3), 0);
  return twelve + String((10 - (sum % 10)) % 10);
}

if (require.main === module) void main();
