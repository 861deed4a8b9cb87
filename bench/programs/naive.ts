import { Injectable, Module, OnModuleInit } from '@nestjs/common';
import { CommandHandler, CqrsModule, ICommandHandler } from '@nestjs/cqrs';
import { Column, DataSource, Entity, EntityManager, PrimaryColumn } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import type { BookAdded } from '../../src/catalog/catalog.events';
import { AddBook } from '../../src/catalog/commands/add-book.command';
import { Book } from '../../src/catalog/model/book';
import { BookTable } from '../../src/catalog/persistence/book.table';
import { InventoryTable } from '../../src/inventory/persistence/inventory.table';
import { BooksController } from './books.controller';
import { serve } from './serve';
import { bookRow, database, inventoryRow } from './stored';

@Entity('outbox', { synchronize: false })
class OutboxTable {
  @PrimaryColumn('text') id: string;
  @Column('text') type: string;
  @Column('simple-json') facts: BookAdded;
  @Column('boolean') delivered: boolean;
}

/** One transaction after another, as there is one connection. */
@Injectable()
class Transactions {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly source: DataSource) {}

  run(work: (manager: EntityManager) => Promise<void>): Promise<void> {
    const done = this.last.then(() => this.source.transaction(work));
    this.last = done.catch(() => undefined);
    return done;
  }
}

/** Looks for what is not delivered yet, and delivers each event in a transaction of its own. */
@Injectable()
class Poller implements OnModuleInit {
  private running = false;
  private wanted = false;

  constructor(
    private readonly source: DataSource,
    private readonly transactions: Transactions,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.source.query(
      'CREATE TABLE outbox (id text PRIMARY KEY NOT NULL, type text NOT NULL, facts text NOT NULL, delivered boolean NOT NULL)',
    );
    await this.source.query('CREATE INDEX outbox_waiting ON outbox (id) WHERE delivered = 0');
  }

  wake(): void {
    this.wanted = true;
    if (!this.running) void this.poll();
  }

  private async poll(): Promise<void> {
    this.running = true;
    while (this.wanted) {
      this.wanted = false;
      const waiting = await this.waiting();
      for (const row of waiting) await this.deliver(row);
      if (waiting.length) this.wanted = true;
    }
    this.running = false;
  }

  private async waiting(): Promise<OutboxTable[]> {
    let rows: OutboxTable[] = [];
    await this.transactions.run(async (manager) => {
      rows = await manager
        .createQueryBuilder(OutboxTable, 'row')
        .where('row.delivered = 0')
        .orderBy('row.id')
        .take(100)
        .getMany();
    });
    return rows;
  }

  private deliver(row: OutboxTable): Promise<void> {
    return this.transactions.run(async (manager) => {
      await manager.save(InventoryTable, inventoryRow(row.facts.bookId, row.facts.title));
      await manager.save(OutboxTable, { ...row, delivered: true });
    });
  }
}

@CommandHandler(AddBook)
class AddBookHandler implements ICommandHandler<AddBook> {
  constructor(
    private readonly transactions: Transactions,
    private readonly poller: Poller,
  ) {}

  async execute({ facts }: AddBook): Promise<string> {
    const book = Book.add({ id: uuidv7(), ...facts, addedAt: new Date() });
    const [event] = book.getUncommittedEvents() as BookAdded[];
    await this.transactions.run(async (manager) => {
      await manager.save(BookTable, bookRow(book));
      await manager.save(OutboxTable, { id: uuidv7(), type: 'book-added', facts: event, delivered: false });
    });
    this.poller.wake();
    return book.id;
  }
}

/** An outbox as one writes it first: one transaction for each command, and one for each event that is delivered. */
@Module({
  imports: [CqrsModule],
  controllers: [BooksController],
  providers: [database, Transactions, Poller, AddBookHandler],
})
class NaiveModule {}

void serve(NaiveModule);
