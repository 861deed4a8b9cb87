import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { isOutage } from '../database/connection';
import { EventLog, Extent, StoredEvent, UpTo } from '../event-log/event-log';
import { Captured, RehearsedWrite } from '../unit-of-work/rehearsal';
import { currentScope } from '../unit-of-work/scope';
import { UnitOfWork } from '../unit-of-work/unit-of-work';
import { nameOf } from '../unit-of-work/write-set';
import { Backfills } from './backfills';
import { causeOf, inWords } from './error-text';
import { History } from './history';
import { BackfillRehearsalAsked } from './operator.events';
import { causedBy } from './reaction-books';
import { ReactionDefinition } from './reaction-definition';
import { Rehearsals } from './rehearsals';

const PAGE = 256;
/** So many events of a stream are looked for beyond the page that it begins in. */
const LONGEST_STREAM = 1_000;

/** So long others wait for their turn to write at most, and so long they are left alone then, in milliseconds. */
const AT_WORK = 100;
const AT_REST = 50;

/** So many of what was tried are shown whole. */
const SHOWN = 3;

/** Events of one stream that were tried one after another, and what came of it. */
export interface Sample {
  readonly events: readonly StoredEvent[];
  readonly writes: readonly RehearsedWrite[];
  readonly raised: readonly { readonly type: string; readonly stream: string; readonly facts: object }[];
  readonly outside: readonly Captured[];
  /** With what the last of the events has failed. */
  readonly error?: string;
}

/** Events that would fail alike. */
export interface ForeseenFailure {
  readonly cause: string;
  events: number;
  /** Of the first of them. */
  readonly position: number;
  readonly error: string;
}

/** What would become of a reaction's history if it were handed over now. */
export class Forecast {
  /** How many events come too late, by type. */
  readonly leftOut = new Map<string, number>();
  handled = 0;
  /** Those that would wait behind one of their stream that fails. */
  waiting = 0;
  /** The keys of the rows that would be written, by table. */
  readonly rows = new Map<string, Set<string>>();
  /** Statements that would be sent by hand; events that would be raised, by type; and what would go out: how often each. */
  readonly statements = new Map<string, number>();
  readonly raised = new Map<string, number>();
  readonly outside = new Map<string, number>();
  readonly failures = new Map<string, ForeseenFailure>();
  readonly samples: Sample[] = [];

  /** @param extents how much history there is */
  constructor(readonly extents: readonly Extent[]) {}

  get total(): number {
    return this.extents.reduce((sum, { events }) => sum + events, 0);
  }

  get failed(): number {
    return [...this.failures.values()].reduce((sum, { events }) => sum + events, 0);
  }

  leaveOut({ type }: StoredEvent): void {
    count(this.leftOut, type);
  }

  add(sample: Sample): void {
    const { events, writes, raised, outside, error } = sample;
    this.handled += events.length - (error === undefined ? 0 : 1);
    for (const write of writes) {
      if (write.kind === 'statement') count(this.statements, write.sql);
      else this.rows.set(write.table, (this.rows.get(write.table) ?? new Set()).add(nameOf(write.key)));
    }
    for (const { type } of raised) count(this.raised, type);
    for (const { what } of outside) count(this.outside, what);
    if (error !== undefined) this.fail(events[events.length - 1], error);
    if (this.samples.length < SHOWN) this.samples.push(sample);
  }

  private fail({ position }: StoredEvent, error: string): void {
    const cause = causeOf(error);
    const known = this.failures.get(cause);
    if (known) known.events++;
    else this.failures.set(cause, { cause, events: 1, position, error });
  }
}

const count = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);

/** Tries a whole back-fill without any consequence. */
@Injectable()
export class BackfillRehearsals {
  constructor(
    private readonly backfills: Backfills,
    private readonly rehearsals: Rehearsals,
    private readonly history: History,
    private readonly log: EventLog,
    private readonly work: UnitOfWork,
  ) {}

  /**
   * Hands a reaction its history, one stream after the other, and takes back whatever it does with each. Of it all, the
   * log keeps that it was asked. An event may kill the process: it should be one of no use to anybody else.
   *
   * @param onProgress is told now and then how many events have been looked at
   * @throws Refused when the reaction is not back-filled
   */
  async rehearse(
    reaction: ReactionDefinition,
    reason: string | undefined,
    onProgress: (done: number, total: number) => void,
  ): Promise<Forecast> {
    const { plan, extents, checkpoint: cut } = await this.backfills.outlook(reaction);
    const forecast = new Forecast(extents);
    const { total } = forecast;
    await this.work.run('RehearseBackfill', async () =>
      this.work.publishLoose(new BackfillRehearsalAsked({ reaction: reaction.name, events: total, reason })),
    );
    /** How far streams have been tried that reach over the end of a page. */
    const ahead = new Map<string, number>();
    let looked = 0;
    for (let { checkpoint } = plan; ;) {
      const { events, leftOut } = await this.history.page(reaction, { ...plan, checkpoint }, cut, PAGE);
      if (events.length === 0) return forecast;
      leftOut.forEach((event) => forecast.leaveOut(event));
      const wanted = events.filter((one) => !leftOut.has(one) && one.position > (ahead.get(one.stream) ?? 0));
      checkpoint = events[events.length - 1].position;
      for (const stream of await this.streams(wanted, checkpoint, plan.types, ahead)) {
        await this.tryAll(reaction, stream, forecast);
      }
      for (const [stream, position] of ahead) if (position <= checkpoint) ahead.delete(stream);
      onProgress((looked += events.length), total);
    }
  }

  /** @returns the events of a page stream by stream, each to its end, as what comes later may need what was done before */
  private async streams(
    page: readonly StoredEvent[],
    end: number,
    types: UpTo,
    ahead: Map<string, number>,
  ): Promise<Iterable<StoredEvent[]>> {
    const streams = new Map<string, StoredEvent[]>();
    for (const event of page) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
    for (const event of await this.log.rest([...streams.keys()], end, types, LONGEST_STREAM)) {
      streams.get(event.stream)!.push(event);
      ahead.set(event.stream, event.position);
    }
    return streams.values();
  }

  private async tryAll(
    reaction: ReactionDefinition,
    events: readonly StoredEvent[],
    forecast: Forecast,
  ): Promise<void> {
    for (let done = 0; done < events.length;) {
      const sample = await this.try(reaction, events.slice(done));
      forecast.add(sample);
      done += sample.events.length;
      if (sample.error !== undefined && reaction.onFailure === 'park') {
        forecast.waiting += events.length - done;
        return;
      }
    }
  }

  /** For how long nobody else has been left alone, in milliseconds. */
  private worked = 0;

  /** Tries as many of the events as there is time for, one after another, to the first that fails. */
  private async try(reaction: ReactionDefinition, events: readonly StoredEvent[]): Promise<Sample> {
    if (this.worked > AT_WORK) {
      await setTimeout(AT_REST);
      this.worked = 0;
    }
    const external = reaction.mode === 'external';
    const began = Date.now();
    const tried: StoredEvent[] = [];
    let failed: { readonly error: unknown } | undefined;
    const handle = async () => {
      const scope = currentScope()!;
      for (const event of events) {
        if (tried.length > 0 && Date.now() - began > AT_WORK) return;
        tried.push(event);
        const hand = () => this.rehearsals.hand(reaction, event);
        try {
          await (external ? hand() : this.work.within(scope, causedBy(event, reaction.name), hand));
        } catch (error) {
          if (isOutage(error)) throw error;
          failed = { error };
          return;
        }
      }
    };
    const { rehearsal, failure } = await this.work.rehearse(causedBy(events[0], reaction.name), handle, external);
    this.worked += Date.now() - began;
    const raised = (rehearsal.scope?.events ?? []).map(({ event, envelope: { type, stream } }) => ({
      type,
      stream,
      facts: event,
    }));
    const went = failed ?? failure;
    const error = went && inWords(went.error);
    return { events: tried, writes: rehearsal.writes, raised, outside: rehearsal.outside, error };
  }
}
