import { hostname } from 'node:os';
import { processLives } from './start-record';

/** Names this process in leases and in the record of finished batches. */
export const PROCESS = `${hostname()}/${process.pid}`;

/** What this process itself is holding just now: a name that is like its own and not among these is a dead namesake's. */
const held = new Set<string>();
let count = 0;

/** @returns a name for something that this process holds until `letGo` */
export function hold(): string {
  const holder = `${PROCESS}/${++count}`;
  held.add(holder);
  return holder;
}

/** What was held under this name is held no longer. */
export function letGo(holder: string): void {
  held.delete(holder);
}

/** Whether it is held by a process of this machine, of which can be told whether it lives. */
export const isOfThisMachine = (holder: string): boolean => holder.split('/')[0] === hostname();

/** A process of this machine that has died will not give back what it holds. Of other machines nothing is known. */
export function mayBeAlive(holder: string): boolean {
  if (!isOfThisMachine(holder)) return true;
  const [, pid, number] = holder.split('/');
  if (number !== undefined && Number(pid) === process.pid) return held.has(holder);
  return processLives(Number(pid));
}
