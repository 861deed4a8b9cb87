/** What the log knows about an event besides its facts. */
export interface Envelope {
  /** UUIDv7: the event's name for ever. */
  readonly id: string;
  /** The literal stored name: `catalog.book-added`. */
  readonly type: string;
  /** The version of the facts' shape. */
  readonly version: number;
  /** The aggregate it belongs to: `catalog.book/<id>`. */
  readonly stream: string;
  /** The aggregate's version after this event. */
  readonly streamVersion: number;
  /** When it was raised, as RFC 3339 in UTC. */
  readonly occurredAt: string;
  /** The same for everything that follows from one request. */
  readonly correlationId: string;
  /** The command or the event that led to this one. */
  readonly causationId: string;
  /** The command class or the reaction that raised it. */
  readonly raisedBy: string;
  /** On whose behalf. */
  readonly actor: string;
  /** W3C trace context, where the request carried one. */
  readonly traceparent?: string;
  /** Its place in the log; positions follow commit order. Zero while its unit of work is still open. */
  readonly position: number;
}

/** The envelope of an event whose place in the log, and in its stream, is found when its transaction is stored. */
export interface UnplacedEnvelope extends Omit<Envelope, 'position' | 'streamVersion'> {
  position: number;
  streamVersion: number;
}

const envelopes = new WeakMap<object, Envelope>();

/** Remembers what the log knows about an event that is about to be handled. */
export const putInEnvelope = (event: object, envelope: Envelope) => void envelopes.set(event, envelope);

/**
 * The envelope of an event that a reaction has been given. `envelopeOf(event).id` makes effects idempotent.
 * @throws Error for an object that is not an event out of the log
 */
export function envelopeOf(event: object): Envelope {
  const envelope = envelopes.get(event);
  if (!envelope) throw new Error(`${event.constructor.name} has no envelope: it was not raised by an aggregate`);
  return envelope;
}
