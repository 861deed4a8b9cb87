import { Injectable } from '@nestjs/common';
import type { Since } from '../event-log/event-log';
import type { Backfill } from './reaction.tables';
import { currentScope } from '../unit-of-work/scope';
import type { Transaction } from '../unit-of-work/transaction';

/** How far a reaction has come. */
export interface Standing {
  readonly checkpoint: number;
  readonly types?: Since;
  readonly backfill?: Backfill;
  /** There are events that wait beside the checkpoint, or lie dead. */
  readonly leavesBehind: boolean;
}

interface Row {
  readonly name: string;
  readonly checkpoint: number;
  readonly types: string | null;
  readonly backfill: string | null;
  readonly leavesBehind: 0 | 1;
}

const READ = `SELECT name, checkpoint, types, backfill,
    EXISTS (SELECT 1 FROM reaction_deferred
             WHERE reaction = reaction.name AND state IN ('dead', 'retrying', 'parked')) AS "leavesBehind"
  FROM reaction`;

/**
 * How far the reactions have come that get events in one transaction: read once for all of them. It stays true until
 * the end of the transaction, in which nobody else can write, and each reaction moves itself, once, when it is done.
 */
@Injectable()
export class Standings {
  private readonly known = new WeakMap<Transaction, Promise<ReadonlyMap<string, Standing>>>();

  /** Inside a unit of work. @throws Error when there is no such reaction on record */
  async of(reaction: string): Promise<Standing> {
    const { transaction } = currentScope()!;
    let all = this.known.get(transaction);
    if (!all) {
      all = this.read(transaction);
      this.known.set(transaction, all);
      // Whoever is next asks anew.
      all.catch(() => this.known.delete(transaction));
    }
    const standing = (await all).get(reaction);
    if (!standing) throw new Error(`reaction ${reaction} is not registered`);
    return standing;
  }

  private async read({ connection }: Transaction): Promise<ReadonlyMap<string, Standing>> {
    const rows = await connection.all<Row>(READ);
    return new Map(
      rows.map(({ name, checkpoint, types, backfill, leavesBehind }) => [
        name,
        {
          checkpoint,
          types: types === null ? undefined : (JSON.parse(types) as Since),
          backfill: backfill === null ? undefined : (JSON.parse(backfill) as Backfill),
          leavesBehind: leavesBehind === 1,
        },
      ]),
    );
  }
}
