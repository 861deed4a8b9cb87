import { ReactionOptions, RetryOptions } from './reaction.decorator';
import { DEFAULT_RETRY } from './retry-policy';

/** A timer that is told to wait longer does not wait at all. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** What cannot mean anything to a reaction that runs within the command's transaction, and why. */
const MEANINGLESS_WITHIN = {
  effects: 'what talks to the outside does not belong into a transaction',
  retry: 'if it throws, the command is refused and nothing is tried again',
  onFailure: 'if it throws, the command is refused and nothing waits',
  from: 'it only knows of the events of its own command',
  batch: 'it is part of the transaction of its command',
} as const satisfies Partial<Record<keyof ReactionOptions, string>>;

/** @returns what is wrong with the options of a reaction, as sentences; nothing when all is well */
export function optionComplaints(reaction: string, options: ReactionOptions): string[] {
  const { within, timeLimit, batch } = options;
  const meaningless = within
    ? Object.entries(MEANINGLESS_WITHIN).filter(([option]) => options[option as keyof ReactionOptions] !== undefined)
    : [];
  return [
    ...meaningless.map(
      ([option, why]) =>
        `${reaction} has \`within: 'transaction'\` and \`${option}\`: ${why}, so take one of them away`,
    ),
    ...retryComplaints(reaction, { ...DEFAULT_RETRY, ...options.retry }),
    ...(timeLimit !== undefined && !(timeLimit > 0 && timeLimit <= LONGEST_WAIT)
      ? [`${reaction} has a timeLimit of ${timeLimit}: give it milliseconds, more than 0 and at most ${LONGEST_WAIT}`]
      : []),
    ...(batch !== undefined && options.effects
      ? [`${reaction} has \`effects: 'external'\` and \`batch\`: it has no transaction, so take one of them away`]
      : []),
    ...(batch !== undefined && !(Number.isInteger(batch) && batch >= 1)
      ? [`${reaction} has a batch of ${batch}: give it a whole number of events, 1 or more`]
      : []),
  ];
}

function retryComplaints(reaction: string, { attempts, firstDelay, longestDelay }: RetryOptions): string[] {
  const complaints = [];
  if (!(Number.isInteger(attempts) && attempts >= 1)) {
    complaints.push(`${reaction} has retry.attempts of ${attempts}: give it a whole number, 1 or more`);
  }
  for (const [name, delay] of Object.entries({ firstDelay, longestDelay })) {
    if (!(delay >= 0 && delay <= LONGEST_WAIT)) {
      complaints.push(
        `${reaction} has a retry.${name} of ${delay}: give it milliseconds, from 0 to at most ${LONGEST_WAIT}`,
      );
    }
  }
  if (firstDelay > longestDelay) {
    complaints.push(
      `${reaction} has a retry.firstDelay of ${firstDelay} and a longestDelay of ${longestDelay}: make the first the shorter one`,
    );
  }
  return complaints;
}
