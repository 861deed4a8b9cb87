import { Global, Module, OnApplicationBootstrap } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { TerminusModule } from '@nestjs/terminus';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock, SystemClock } from '../kernel/clock';
import { Database } from './database/database';
import { DatabaseOptions, databaseOptions, readOnly } from './database/database.options';
import { ReadDatabase } from './database/read-database';
import { openReader, openWriter } from './database/sources';
import { Environment } from './environment';
import { EventLog } from './event-log/event-log';
import { EventsController } from './event-log/events.controller';
import { EventTypes, publishes } from './event-log/event-types';
import { RecentEvents } from './event-log/recent-events';
import { MinEventPosition } from './http/event-position';
import { Doctor } from './invariants/doctor';
import { PLATFORM_INVARIANTS } from './invariants/platform.invariants';
import { HealthController } from './observability/health.controller';
import { Metrics } from './observability/metrics';
import { MetricsController } from './observability/metrics.controller';
import { ProjectionTables } from './projections/projection-tables';
import { Rebuild } from './projections/rebuild';
import { BackfillRehearsals } from './reactions/backfill-rehearsals';
import { Backfills } from './reactions/backfills';
import { DeadLetterList } from './reactions/dead-letter-list';
import { DeadLetters } from './reactions/dead-letters';
import { DeferredEvents } from './reactions/deferred-events';
import { Discovery } from './reactions/discovery';
import { History } from './reactions/history';
import * as operatorEvents from './reactions/operator.events';
import { Progress } from './reactions/progress';
import { ReactionStatuses } from './reactions/reaction-status';
import { DeadLettersController, ReactionsController } from './reactions/reactions.controller';
import { Rehearsals } from './reactions/rehearsals';
import { Reactions } from './reactions/reactions.service';
import { Registration } from './reactions/registration';
import { Standings } from './reactions/standings';
import { UnfinishedStarts } from './reactions/unfinished-starts';
import { Alarms } from './schedule/alarms';
import { CommandsInUnitsOfWork, logPublisher } from './unit-of-work/command-bus';
import { SideBySide } from './unit-of-work/side-by-side';
import { UnitOfWork } from './unit-of-work/unit-of-work';
import { Why } from './why/why';
import { WhyController } from './why/why.controller';

const READ = 'read';

/** A file that cannot be opened does not get better: Nest would try for half a minute before it says so. */
const AT_ONCE = { retryAttempts: 0 };

/** What a program provides, for all modules, that lives in a time of its own: its clock. */
export const OWN_CLOCK = Symbol('OWN_CLOCK');

/** Configuration and time: what everything else is built with. */
@Global()
@Module({
  providers: [
    { provide: Environment, useFactory: () => Environment.ofProcess() },
    {
      provide: Clock,
      inject: [{ token: OWN_CLOCK, optional: true }],
      useFactory: (own?: Clock) => own ?? new SystemClock(),
    },
  ],
  exports: [Environment, Clock],
})
class GroundModule {}

/** The two connections to the database, and the unit of work through which everything is written. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [Environment],
      useFactory: (environment: Environment) => ({ ...databaseOptions(environment), ...AT_ONCE }),
      dataSourceFactory: (options) => openWriter(options as DatabaseOptions),
    }),
    TypeOrmModule.forRootAsync({
      name: READ,
      // The writer makes the tables, and SQLite's file, so it comes first.
      inject: [Environment, getDataSourceToken()],
      useFactory: (environment: Environment) => ({ ...readOnly(databaseOptions(environment)), ...AT_ONCE }),
      dataSourceFactory: (options) => openReader(options as DatabaseOptions),
    }),
  ],
  providers: [
    {
      provide: Database,
      inject: [getDataSourceToken(), getDataSourceToken(READ)],
      useFactory: (writer: DataSource, reader: DataSource) => new Database(writer, reader),
    },
    { provide: ReadDatabase, inject: [Database], useFactory: ({ reader }: Database) => new ReadDatabase(reader) },
    { provide: EventTypes, useFactory: () => new EventTypes() },
    UnitOfWork,
    EventLog,
    RecentEvents,
  ],
  exports: [Database, ReadDatabase, EventTypes, UnitOfWork, EventLog, RecentEvents],
})
class StorageModule {}

/** What operators do is in the log as well. */
@Module({ providers: [publishes(operatorEvents)] })
class OperatorsModule {}

/** Opens the reactions. Nest asks global modules first, as its own CqrsModule is one, which registers the handlers. */
@Module({})
class OpeningModule implements OnApplicationBootstrap {
  constructor(private readonly reactions: Reactions) {}

  onApplicationBootstrap(): Promise<void> {
    return this.reactions.open();
  }
}

/** The machine room: what a context finds ready when it is imported beside it. */
@Global()
@Module({
  imports: [
    GroundModule,
    StorageModule,
    OperatorsModule,
    OpeningModule,
    DiscoveryModule,
    TerminusModule.forRoot({ logger: false }),
    CqrsModule.forRootAsync({
      inject: [UnitOfWork],
      useFactory: (work: UnitOfWork) => ({ eventPublisher: logPublisher(work) }),
    }),
  ],
  controllers: [
    EventsController,
    ReactionsController,
    DeadLettersController,
    WhyController,
    HealthController,
    MetricsController,
  ],
  providers: [
    { provide: APP_GUARD, useClass: MinEventPosition },
    Metrics,
    PLATFORM_INVARIANTS,
    Doctor,
    BackfillRehearsals,
    Backfills,
    CommandsInUnitsOfWork,
    DeadLetterList,
    DeadLetters,
    Discovery,
    History,
    ProjectionTables,
    Rebuild,
    DeferredEvents,
    Reactions,
    Alarms,
    Registration,
    ReactionStatuses,
    Rehearsals,
    SideBySide,
    Standings,
    UnfinishedStarts,
    Progress,
    Why,
  ],
  exports: [
    BackfillRehearsals,
    Backfills,
    Doctor,
    DeadLetterList,
    DeadLetters,
    Rehearsals,
    Why,
    Reactions,
    ReactionStatuses,
    Progress,
    DeferredEvents,
    SideBySide,
  ],
})
export class PlatformModule {}
