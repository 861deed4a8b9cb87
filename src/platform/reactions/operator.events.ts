/** An operator has had dead letters tried again. */
export class DeadLettersRetried {
  static readonly type = 'platform.dead-letters-retried';
  readonly reaction: string;
  /** Their positions in the log. */
  readonly letters: readonly number[];
  /** How they were chosen, where not one by one. */
  readonly chosenBy?: string;
  /** How many of them are due each second. */
  readonly perSecond: number;
  readonly reason?: string;

  constructor(facts: DeadLettersRetried) {
    Object.assign(this, facts);
  }
}

/** An operator has decided that dead letters shall never be handled. */
export class DeadLettersSkipped {
  static readonly type = 'platform.dead-letters-skipped';
  readonly reaction: string;
  /** Their positions in the log. */
  readonly letters: readonly number[];
  /** How they were chosen, where not one by one. */
  readonly chosenBy?: string;
  readonly reason: string;

  constructor(facts: DeadLettersSkipped) {
    Object.assign(this, facts);
  }
}

/** An operator wants to see what would become of a dead letter. */
export class RehearsalAsked {
  static readonly type = 'platform.rehearsal-asked';
  readonly reaction: string;
  /** Its position in the log. */
  readonly letter: number;
  readonly reason?: string;

  constructor(facts: RehearsalAsked) {
    Object.assign(this, facts);
  }
}

/** An operator wants a reaction to be handed what was raised before it began. */
export class BackfillAsked {
  static readonly type = 'platform.backfill-asked';
  readonly reaction: string;
  /** How many events that are. */
  readonly events: number;
  readonly reason?: string;

  constructor(facts: BackfillAsked) {
    Object.assign(this, facts);
  }
}

/** A reaction has been handed all that was raised before it began. */
export class BackfillFinished {
  static readonly type = 'platform.backfill-finished';
  readonly reaction: string;
  readonly events: number;
  /** How many of these were left out, as the reaction had handled a later event of their stream. */
  readonly leftOut: number;

  constructor(facts: BackfillFinished) {
    Object.assign(this, facts);
  }
}

/** An operator wants to see what a reaction would do with what was raised before it began. */
export class BackfillRehearsalAsked {
  static readonly type = 'platform.backfill-rehearsal-asked';
  readonly reaction: string;
  readonly events: number;
  readonly reason?: string;

  constructor(facts: BackfillRehearsalAsked) {
    Object.assign(this, facts);
  }
}

/** An operator wants a projection to be built anew. */
export class RebuildAsked {
  static readonly type = 'platform.rebuild-asked';
  readonly reaction: string;
  readonly reason?: string;

  constructor(facts: RebuildAsked) {
    Object.assign(this, facts);
  }
}
