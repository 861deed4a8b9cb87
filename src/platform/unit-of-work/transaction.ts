import {
  DatabaseError,
  isConstraint,
  isFromDatabase,
  isOutage,
  Parameter,
  Statements,
  WritingConnection,
} from '../database/connection';
import { Key, RowChange, TableShape } from '../database/tables';
import { KnownRows } from './known-rows';
import { nameOf, Pending, VersionConflict, WriteSet } from './write-set';

type Insert = Extract<Pending, { kind: 'insert' }>;
type Change = Extract<Pending, { kind: 'change' }>;
type Update = Extract<Pending, { kind: 'update' }>;

/** One database transaction, in which a group of units of work runs one after another. */
export class Transaction {
  /** Nothing of it has happened. */
  rolledBack = false;
  /** What a unique key has refused of the last flush, as far as that is known. */
  refused: readonly Pending[] = [];
  private damage: { readonly error: unknown } | undefined;
  private readonly known = new KnownRows();

  /** Sends statements to this transaction, and to nothing else: when the database has given it up, so has whoever sends. */
  readonly connection: Statements = {
    all: (sql, parameters) => this.send(() => this.writer.all(sql, parameters)),
    run: (sql, parameters) => this.sendWrite(() => this.writer.run(sql, parameters)),
  };

  constructor(
    private readonly writer: WritingConnection,
    /** The position of the last event before this transaction. */
    public head: number,
  ) {}

  /** The database has forgotten everything, and begun anew. */
  restart(head: number): void {
    this.head = head;
    this.refused = [];
    this.damage = undefined;
    this.flushing = Promise.resolve();
    this.known.forget();
  }

  /**
   * Something failed of which a part is in the database, or something was lost on the way there. Only a rollback of the
   * whole transaction puts that right, even if a handler catches the error.
   */
  spoil(error: unknown): void {
    this.damage ??= { error };
  }

  get spoiled(): boolean {
    return this.damage !== undefined;
  }

  /** @throws the error that has spoiled this transaction, if any */
  assertSound(): void {
    if (this.damage) throw this.damage.error;
  }

  /** Sends a statement that is not recorded. No unit of work ends while one is under way. */
  async send<T>(statement: () => Promise<T>): Promise<T> {
    const sent = this.flushing.then(() => {
      this.assertSound();
      return statement();
    });
    this.underWay.add(sent);
    try {
      return await sent;
    } catch (error) {
      // SQLite may have rolled everything back by itself, and would store what follows at once; PostgreSQL takes nothing
      // more after any statement that has failed.
      if (isOutage(error) || (isFromDatabase(error) && !this.writer.dialect.forgives)) this.spoil(error);
      throw error;
    } finally {
      this.underWay.delete(sent);
    }
  }

  /** Sends a statement that is not recorded, and after which a row may be another one than it was. */
  async sendWrite<T>(statement: () => Promise<T>): Promise<T> {
    try {
      return await this.send(() => {
        this.known.forget();
        return statement();
      });
    } finally {
      this.known.forget();
    }
  }

  /**
   * Reads rows by their keys, each of them once as long as nothing is written: nobody else can.
   *
   * @returns those that the database has, in no particular order
   */
  async rows(shape: TableShape, keys: readonly Key[]): Promise<readonly Record<string, unknown>[]> {
    const known = this.known.of(shape, keys);
    if (known) return known;
    let asOf = 0;
    const rows = await this.send(() => {
      asOf = this.known.asOf;
      return this.writer.all<Record<string, unknown>>(shape.select, [JSON.stringify(keys)]);
    });
    this.known.learn(shape, keys, rows, asOf);
    return rows;
  }

  /** Statements are under way that nobody may be waiting for. */
  get isBusy(): boolean {
    return this.underWay.size > 0;
  }

  /** Resolves when every statement is answered. */
  async quiet(): Promise<void> {
    while (this.underWay.size) await Promise.allSettled(this.underWay);
  }

  /**
   * Sends pending writes, each table's as one statement per kind.
   *
   * @throws VersionConflict when a row was changed by somebody else; the conflict that a write brings when a unique
   * key refuses it. The transaction is spoiled then.
   */
  flush(writes: WriteSet): Promise<void> {
    // Reads that run side by side must each find the rows that the other has just taken to send.
    const flushed = this.flushing.then(() => this.sendPending(writes));
    this.flushing = flushed.catch((error) => this.spoil(error));
    return flushed;
  }

  private flushing: Promise<void> = Promise.resolve();
  private readonly underWay = new Set<Promise<unknown>>();

  private async sendPending(writes: WriteSet): Promise<void> {
    this.known.forget();
    for (const [shape, pending] of writes.take()) {
      const inserts = pending.filter((write) => write.kind === 'insert');
      const puts = pending.filter((write) => write.kind === 'put');
      const changes = pending.filter((write) => write.kind === 'change');
      const updates = pending.filter((write) => write.kind === 'update');
      const removes = pending.filter((write) => write.kind === 'remove');
      if (removes.length)
        await this.write(
          shape.remove,
          removes.map(({ key }) => key),
        );
      if (inserts.length) await this.insert(shape, inserts);
      if (puts.length)
        await this.write(
          shape.put,
          puts.map(({ row }) => shape.toDatabase(row)),
        );
      if (changes.length) await this.change(shape, changes);
      if (updates.length) {
        const changed = await this.update(shape, updates);
        if (changed !== updates.length) throw new VersionConflict(shape.name);
      }
    }
  }

  private async insert(shape: TableShape, inserts: readonly Insert[]): Promise<void> {
    const rows = inserts.map(({ row }) => shape.toDatabase(row));
    const { forgives } = this.writer.dialect;
    // Where a statement that is refused ends the transaction, nobody can be asked afterwards whom it was refused for.
    if (!forgives && inserts.some(({ conflict }) => conflict)) {
      const refused = await this.insertWhatFits(shape, inserts, rows);
      if (refused.length) throw this.refuse(refused, duplicateIn(shape));
      return;
    }
    try {
      await this.write(shape.insert, rows);
    } catch (error) {
      if (!isConstraint(error)) throw error;
      if (inserts.length === 1) throw this.refuse(inserts, error);
      if (!forgives) throw error;
      // A refused statement has changed nothing, and the whole transaction is rolled back in any case.
      throw this.refuse(await this.insertWhatFits(shape, inserts, rows), error);
    }
  }

  /** @returns those that a key has refused */
  private async insertWhatFits(
    shape: TableShape,
    inserts: readonly Insert[],
    rows: readonly unknown[],
  ): Promise<readonly Insert[]> {
    const added = await this.writer.all<Record<string, unknown>>(shape.insertWhatFits, [JSON.stringify(rows)]);
    if (added.length === inserts.length) return [];
    const fit = new Set(added.map((row) => nameOf(shape.keyFrom(row))));
    return inserts.filter(({ key }) => !fit.has(nameOf(key)));
  }

  /** Rows whose same columns change share a statement. */
  private async change(shape: TableShape, changes: readonly Change[]): Promise<void> {
    const alike = new Map<RowChange, Parameter[][]>();
    for (const { key, columns } of changes) {
      const change = shape.change(columns);
      const rows = alike.get(change) ?? [];
      alike.set(change, rows);
      rows.push(change.toDatabase(key, columns));
    }
    for (const [{ sql }, rows] of alike) await this.write(sql, rows);
  }

  private async update(shape: TableShape, updates: readonly Update[]): Promise<number> {
    const rows = updates.map(({ row, expected }) => [...shape.toDatabase(row), expected]);
    try {
      return await this.write(shape.update, rows);
    } catch (error) {
      if (!isConstraint(error)) throw error;
      if (updates.length === 1) throw this.refuse(updates, error);
      if (!this.writer.dialect.forgives) throw error;
      for (const [at, update] of updates.entries()) {
        await this.write(shape.update, [rows[at]]).catch((refusal: unknown) => {
          throw isConstraint(refusal) ? this.refuse([update], refusal) : refusal;
        });
      }
      throw error;
    }
  }

  /** @returns the error to throw for what was refused */
  private refuse(refused: readonly (Insert | Update)[], error: unknown): unknown {
    this.refused = refused;
    return refused[0]?.conflict?.() ?? error;
  }

  private write(sql: string, rows: readonly unknown[]): Promise<number> {
    return this.writer.run(sql, [JSON.stringify(rows)]);
  }
}

const duplicateIn = ({ name, insert }: TableShape) =>
  new DatabaseError('23505', `duplicate key value in ${name}`, insert);
