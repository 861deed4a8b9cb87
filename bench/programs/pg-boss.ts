import { Injectable, Module, OnModuleInit } from '@nestjs/common';
import type { Book } from '../../src/catalog/model/book';
import { installed } from '../installed';
import {
  Client,
  CONNECTIONS,
  DATABASE_URL,
  insertBook,
  makeTables,
  OpenStock,
  openStockOf,
  Peer,
  PeerController,
  transaction,
} from './peer';
import { serve } from './serve';

interface Using {
  readonly db: { executeSql(sql: string, values: unknown[]): Promise<{ rows: unknown[] }> };
}

interface PgBoss {
  on(event: 'error', listener: (error: Error) => void): void;
  start(): Promise<unknown>;
  createQueue(queue: string): Promise<void>;
  send(queue: string, data: object, using: Using): Promise<string | null>;
  work(
    queue: string,
    options: object,
    handle: (jobs: { id: string; data: OpenStock }[]) => Promise<void>,
  ): Promise<string>;
  complete(queue: string, ids: string[], data: undefined, using: Using): Promise<void>;
  notifyWorker(id: string): void;
}

const PgBoss = installed('pg-boss') as new (options: { connectionString: string; max: number }) => PgBoss;

const QUEUE = 'open-stock';

@Injectable()
class Boss extends Peer implements OnModuleInit {
  private readonly boss = new PgBoss({ connectionString: DATABASE_URL, max: CONNECTIONS });
  private worker: string;

  async onModuleInit(): Promise<void> {
    await makeTables();
    this.boss.on('error', (error) => process.stderr.write(`pg-boss: ${error.message}\n`));
    await this.boss.start();
    await this.boss.createQueue(QUEUE);
    this.worker = await this.boss.work(QUEUE, { batchSize: 100, pollingIntervalSeconds: 0.5 }, (jobs) =>
      transaction(async (client) => {
        const books = jobs.map(({ data }) => data);
        const ids = jobs.map(({ id }) => id);
        await this.openStock(client, books);
        await this.boss.complete(QUEUE, ids, undefined, using(client));
      }),
    );
  }

  async add(book: Book): Promise<void> {
    await transaction(async (client) => {
      await insertBook(client, book);
      await this.boss.send(QUEUE, openStockOf(book), using(client));
    });
    this.boss.notifyWorker(this.worker);
  }
}

const using = (client: Client): Using => ({ db: { executeSql: (sql, values) => client.query(sql, values) } });

/**
 * A job for each book, taken in batches: their effect and their completion are one transaction. It polls, so it is told
 * of each job by the program.
 */
@Module({ controllers: [PeerController], providers: [{ provide: Peer, useClass: Boss }] })
class PgBossModule {}

void serve(PgBossModule);
