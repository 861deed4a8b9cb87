import { Injectable, Module, OnModuleInit } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
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

interface Message {
  readonly id: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly messageType: string;
  readonly concurrency: 'sequential' | 'parallel';
  readonly payload: OpenStock;
}

interface Handler {
  readonly aggregateType: string;
  readonly messageType: string;
  handle(message: Message, client: Client): Promise<void>;
}

type Setup = (config: object) => string;

const { DatabaseSetup, getDisabledLogger, initializeMessageStorage, initializePollingMessageListener } = installed(
  'pg-transactional-outbox',
) as {
  DatabaseSetup: { dropAndCreateTable: Setup; createPollingFunction: Setup; setupPollingIndexes: Setup };
  getDisabledLogger: () => object;
  initializeMessageStorage: (config: object, logger: object) => (message: Message, client: Client) => Promise<void>;
  initializePollingMessageListener: (config: object, handlers: Handler[], logger: object) => unknown;
};

const TYPE = { aggregateType: 'book', messageType: 'book-added' };

const config = {
  outboxOrInbox: 'inbox',
  dbListenerConfig: { connectionString: DATABASE_URL, max: 2 },
  dbHandlerConfig: { connectionString: DATABASE_URL, max: CONNECTIONS },
  settings: {
    dbSchema: 'public',
    dbTable: 'inbox',
    enableMaxAttemptsProtection: true,
    enablePoisonousMessageProtection: true,
    nextMessagesFunctionName: 'next_inbox_messages',
    nextMessagesBatchSize: 20,
    // Polling meets messages that are just handed out: the attempt fails, and the next one waits for this.
    nextMessagesLockInMs: 1_000,
    nextMessagesPollingIntervalInMs: 50,
  },
};

@Injectable()
class TransactionalInbox extends Peer implements OnModuleInit {
  private readonly store = initializeMessageStorage(config, getDisabledLogger());

  async onModuleInit(): Promise<void> {
    await makeTables();
    await transaction(async (client) => {
      const { outboxOrInbox, settings } = config;
      const names = {
        outboxOrInbox,
        schema: settings.dbSchema,
        table: settings.dbTable,
        nextMessagesName: settings.nextMessagesFunctionName,
      };
      await client.query(DatabaseSetup.dropAndCreateTable(names));
      await client.query(DatabaseSetup.createPollingFunction(names));
      await client.query(DatabaseSetup.setupPollingIndexes(names));
    });
    const handler: Handler = {
      ...TYPE,
      handle: ({ payload }, client) => this.openStock(client, [payload]),
    };
    initializePollingMessageListener(config, [handler], getDisabledLogger());
  }

  async add(book: Book): Promise<void> {
    await transaction(async (client) => {
      await insertBook(client, book);
      const payload = openStockOf(book);
      await this.store({ id: uuidv7(), ...TYPE, aggregateId: book.id, concurrency: 'parallel', payload }, client);
    });
  }
}

/** A message for each book in an inbox that is polled: its effect, and that it is done, are one transaction. */
@Module({ controllers: [PeerController], providers: [{ provide: Peer, useClass: TransactionalInbox }] })
class TransactionalInboxModule {}

void serve(TransactionalInboxModule);
