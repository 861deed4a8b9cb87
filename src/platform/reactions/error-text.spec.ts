import { causeOf } from './error-text';

describe('The cause of death', () => {
  it.each([
    ['Error: there is no book 0190a5d0-ac96-774b-bcce-b302099a8057', 'Error: there is no book …'],
    ['NotFound: order 42 has 3 items', 'NotFound: order # has # items'],
    ['TimedOut: did not come to its end within 30000 ms', 'TimedOut: did not come to its end within # ms'],
    [`Error: no price for 'Emma' in "USD"`, 'Error: no price for … in …'],
    [`Error: the reader's card isn't valid: 'A 17'`, `Error: the reader's card isn't valid: …`],
    ['Error: 550 alice@example.com has moved', 'Error: # … has moved'],
    ['Error: connect ECONNREFUSED 127.0.0.1:1025', 'Error: connect ECONNREFUSED #'],
    ['Error: digest 9f86d081884c7d65 is unknown', 'Error: digest … is unknown'],
    ['Error: the first line\n    at the second', 'Error: the first line'],
  ])('of %j is %j', (error, cause) => {
    expect(causeOf(error)).toBe(cause);
  });

  it('is the same of errors that differ in their values only, and another of other errors', () => {
    expect(causeOf("Error: stock of 'Emma' is 3")).toBe(causeOf("Error: stock of 'Persuasion' is 12"));
    expect(causeOf('Error: the shelf is full')).not.toBe(causeOf('Error: the shelf is empty'));
  });

  it('is never long, and never empty', () => {
    expect(causeOf('Error: '.padEnd(4_000, 'so '))).toHaveLength(200);
    for (const nothing of ['', ' ', '\n']) expect(causeOf(nothing)).toBe('unknown');
  });
});
