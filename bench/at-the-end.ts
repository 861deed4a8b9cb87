import { constants } from 'node:os';

const waiting = new Set<() => Promise<void>>();

let isEnding = false;

/**
 * Keeps what has to be put away also when a signal ends the command.
 *
 * @returns what puts it away at once; it is done only once, whoever asks for it
 */
export function atTheEnd(putAway: () => Promise<void> | void): () => Promise<void> {
  let done: Promise<void> | undefined;
  const once = async () => {
    await (done ??= Promise.resolve(putAway()));
    waiting.delete(once);
  };
  waiting.add(once);
  return once;
}

async function end(signal: NodeJS.Signals): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  // The last one first, as it may need those before it.
  for (const putAway of [...waiting].reverse()) await putAway().catch(() => undefined);
  process.exit(128 + constants.signals[signal]);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(signal));
