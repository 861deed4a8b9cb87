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

interface Helpers {
  readonly withPgClient: (work: (client: Client) => Promise<void>) => Promise<void>;
}

const { run, Logger } = installed('graphile-worker') as {
  run: (options: object) => Promise<unknown>;
  Logger: new (make: () => (level: string, message: string) => void) => object;
};

/** It says something of each job otherwise. */
const logger = new Logger(() => (level, message) => {
  if (level === 'error') process.stderr.write(`graphile-worker: ${message}\n`);
});

@Injectable()
class GraphileWorker extends Peer implements OnModuleInit {
  async onModuleInit(): Promise<void> {
    await makeTables();
    await run({
      connectionString: DATABASE_URL,
      // Its manual leaves two connections for what is no job.
      concurrency: CONNECTIONS - 2,
      maxPoolSize: CONNECTIONS,
      logger,
      noHandleSignals: true,
      taskList: {
        'open-stock': (facts: OpenStock, { withPgClient }: Helpers) =>
          withPgClient((client) => this.openStock(client, [facts])),
      },
    });
  }

  async add(book: Book): Promise<void> {
    await transaction(async (client) => {
      await insertBook(client, book);
      await client.query({
        name: 'add-job',
        text: `SELECT graphile_worker.add_job('open-stock', $1::json)`,
        values: [openStockOf(book)],
      });
    });
  }
}

/** A job for each book, of which the worker hears by NOTIFY. That it is done is a transaction of its own. */
@Module({ controllers: [PeerController], providers: [{ provide: Peer, useClass: GraphileWorker }] })
class GraphileWorkerModule {}

void serve(GraphileWorkerModule);
