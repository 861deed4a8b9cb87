import { withPostgres } from '../postgres';
import { ProgramName } from '../program';
import { Effort, Findings } from '../report';
import { keyOf, sideBySide } from '../side-by-side';

const ON_SERVER = ['direct', 'platform', 'shop'] as const satisfies readonly ProgramName[];

/** The shop on PostgreSQL beside what others would have built: `POST /books` until the inventory record is there. */
export function postgres(effort: Effort): Promise<Findings> {
  return withPostgres(async (server) => {
    const options = { server, onServer: ON_SERVER };
    const { figures, complaints } = await sideBySide(['hello', ...ON_SERVER], effort, options);
    const of = (name: ProgramName, connections: number) => figures[keyOf(name, connections)];
    const lines = (['platform', 'shop'] as const).flatMap((name): Findings['lines'][number][] => {
      const per = (other: ProgramName) => of(name, 64).deliveredPerSecond / of(other, 64).deliveredPerSecond;
      return [
        { what: `delivered/s, ${name} : hello, c = 64`, value: per('hello'), target: { atLeast: 0.6 } },
        { what: `delivered/s, ${name} : direct, c = 64`, value: per('direct'), target: { atLeast: 4 } },
        {
          what: `delivered/s : accepted/s, ${name}, c = 64`,
          value: of(name, 64).deliveredPerSecond / of(name, 64).acceptedPerSecond,
          target: { atLeast: 0.99 },
        },
        { what: `event lag p99, ${name}, c = 16`, value: of(name, 16).lag, unit: 'ms' },
        { what: `event lag p99, ${name}, c = 64`, value: of(name, 64).lag, unit: 'ms' },
        { what: `latency p50, ${name} : direct, c = 1`, value: of(name, 1).p50 / of('direct', 1).p50 },
      ];
    });
    return { lines, figures, complaints, versions: { PostgreSQL: server.version } };
  });
}
