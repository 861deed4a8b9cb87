import { DynamicModule, Inject, Injectable, Module } from '@nestjs/common';
import type { Book } from '../../src/catalog/model/book';
import { BookTable } from '../../src/catalog/persistence/book.table';
import { SnakeNaming } from '../../src/platform/database/snake-naming';
import { installed } from '../installed';
import type { OpenStock } from './peer';
import { CONNECTIONS, DATABASE_URL, makeTables, openStockOf, Peer, PeerController, pool } from './peer';
import { serve } from './serve';
import { bookRow } from './stored';

interface Emitter {
  emit: (event: object, entities: { entity: object; operation: 'persist' }[]) => Promise<void>;
}

const { OnEvent, OutboxModule, TransactionalEventEmitter } = installed('@fullstackhouse/nestjs-outbox') as {
  OnEvent: (event: string) => MethodDecorator;
  OutboxModule: { registerAsync: (options: object) => DynamicModule };
  TransactionalEventEmitter: new () => Emitter;
};

const { TypeORMDatabaseDriverFactory, TypeOrmOutboxTransportEvent } = installed(
  '@fullstackhouse/nestjs-outbox-typeorm-driver',
) as {
  TypeORMDatabaseDriverFactory: new (source: unknown) => object;
  TypeOrmOutboxTransportEvent: unknown;
};

/** Its own TypeORM: that of the project finds no `pg`. */
const { DataSource } = installed('typeorm') as {
  DataSource: new (options: object) => { initialize(): Promise<unknown> };
};

const EVENT = 'book-added';

// `pg` tells that it dislikes how TypeORM sends statements.
process.noDeprecation = true;

async function openDriver(): Promise<object> {
  await makeTables();
  // The migrations that come with it are refused by TypeORM, as their names end in no timestamp: this is what they make.
  await pool.query(`
    CREATE TABLE outbox_transport_event (
      id serial PRIMARY KEY, event_name varchar(255) NOT NULL, event_payload json NOT NULL,
      delivered_to_listeners json NOT NULL, attempt_at bigint, retry_count integer NOT NULL DEFAULT 0,
      status varchar(20) NOT NULL DEFAULT 'pending', expire_at bigint NOT NULL, inserted_at bigint NOT NULL);
    CREATE INDEX idx_outbox_transport_event_status ON outbox_transport_event (status)`);
  const source = new DataSource({
    type: 'postgres',
    url: DATABASE_URL,
    entities: [BookTable, TypeOrmOutboxTransportEvent],
    namingStrategy: new SnakeNaming(),
    poolSize: CONNECTIONS,
  });
  return new TypeORMDatabaseDriverFactory(await source.initialize());
}

@Injectable()
class NestOutbox extends Peer {
  constructor(@Inject(TransactionalEventEmitter) private readonly events: Emitter) {
    super();
  }

  async add(book: Book): Promise<void> {
    const entity = Object.assign(new BookTable(), bookRow(book));
    await this.events.emit({ name: EVENT, ...openStockOf(book) }, [{ entity, operation: 'persist' }]);
  }

  @OnEvent(EVENT)
  async deliver(facts: OpenStock): Promise<void> {
    await this.openStock(pool, [facts]);
  }
}

/** A row for each event, saved by TypeORM with the book, and polled: there is nothing that wakes it. */
@Module({
  imports: [
    OutboxModule.registerAsync({
      isGlobal: true,
      enableDefaultMiddlewares: false,
      useFactory: async () => ({
        driverFactory: await openDriver(),
        events: [{ name: EVENT, listeners: { retentionPeriod: 86_400_000, maxExecutionTime: 15_000 } }],
        pollingInterval: 50,
        maxEventsPerPoll: 100,
      }),
    }),
  ],
  controllers: [PeerController],
  providers: [{ provide: Peer, useClass: NestOutbox }],
})
class NestOutboxModule {}

void serve(NestOutboxModule);
