import { install, PACKAGES } from '../installed';
import { withPostgres } from '../postgres';
import { PEERS } from '../program';
import { Effort, Findings } from '../report';
import { keyOf, sideBySide } from '../side-by-side';

/** The platform alone and the shop on it beside others that deliver durably: `POST /books` until the inventory record is there. */
export function peers(effort: Effort): Promise<Findings> {
  install(effort.tell);
  return withPostgres(async (server) => {
    const { figures, complaints } = await sideBySide([...PEERS, 'platform', 'shop'], effort, {
      server,
      onServer: PEERS,
    });
    const delivered = (name: string) => figures[keyOf(name, 64)].deliveredPerSecond;
    const lines = ['platform', 'shop'].flatMap((name) =>
      PEERS.map((peer) => ({
        what: `delivered/s, ${name} : ${peer}, c = 64`,
        value: delivered(name) / delivered(peer),
      })),
    );
    return { lines, figures, complaints, versions: { PostgreSQL: server.version, ...PACKAGES } };
  });
}
