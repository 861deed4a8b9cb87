import { unexpected, warmedUp } from '../measures';
import { bookList, Program, withPrograms } from '../program';
import { Effort, Findings, median } from '../report';

const LENGTH = 10_000;

/** A list of books beside the same books one request at a time, both until the inventory records are there. */
export async function importing(effort: Effort): Promise<Findings> {
  const byRequest: number[] = [];
  const byList: number[] = [];
  const complaints: string[] = [];
  await withPrograms(['shop'], async ([program]) => {
    let accepted = await warmedUp(program, effort);
    await importBooks(program, bookList(1_000));
    accepted += 1_000;
    for (let round = 1; round <= effort.rounds; round++) {
      effort.tell(`round ${round}: requests, then a list of ${LENGTH}`);
      const spell = await program.load({ send: 'book', connections: 64, seconds: effort.seconds });
      byRequest.push(spell.deliveredPerSecond);
      accepted += spell.accepted;
      complaints.push(...unexpected(program, spell, '201'));
      const began = Date.now();
      await importBooks(program, bookList(LENGTH));
      accepted += LENGTH;
      byList.push((LENGTH / ((await program.delivered(accepted)) - began)) * 1000);
      await program.settle();
    }
    complaints.push(...(await program.complaints(accepted)));
  });
  const figures = {
    [`a list of ${LENGTH}`]: { deliveredPerSecond: median(byList) },
    'POST /books, c = 64': { deliveredPerSecond: median(byRequest) },
  };
  return {
    lines: [
      {
        what: 'books/s, import : POST /books at c = 64',
        value: median(byList) / median(byRequest),
        target: { atLeast: 1.5 },
      },
    ],
    figures,
    complaints,
  };
}

/** Sends a list, and reads the answer to its end. @throws Error when not every book of it was added */
export async function importBooks(program: Program, list: string): Promise<void> {
  const answer = await fetch(`${program.url}/books/import`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: list,
  });
  const last = (await answer.text()).trim().split('\n').at(-1)!;
  const { summary } = JSON.parse(last) as { summary?: { read: number; added: number } };
  if (!summary || summary.read !== summary.added) throw new Error(`a list was not taken as it is: ${last}`);
}
