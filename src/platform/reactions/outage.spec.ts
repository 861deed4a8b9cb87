import { Unavailable } from '../../kernel/domain-error';
import { Outage } from './outage';
import { Unrecoverable } from './reaction.decorator';

const RETRY = { attempts: 12, firstDelay: 1_000, longestDelay: 300_000 };
const refused = () => Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:25'), { code: 'ECONNREFUSED' });

describe('An outage', () => {
  let now: number;
  let outage: Outage;
  beforeEach(() => {
    now = 0;
    outage = new Outage(RETRY, () => now);
  });

  it.each<[what: string, error: unknown]>([
    ['nobody answers', refused()],
    ['the cause of the error says so', new Error('fetch failed', { cause: refused() })],
    ['the other side says so', new Unavailable('closed', 'we are closed')],
  ])('begins with the first event when %s', (_, error) => {
    expect(outage.failure(1, error)).toBe(true);
    expect(outage.isOn).toBe(true);
  });

  it('begins with the fifth event in a row that fails for the same cause, whatever its own numbers', () => {
    const fails = [1, 2, 3, 4, 5].map((at) =>
      outage.failure(at, new Error(`letter ${at} to "${at}@example.com" failed`)),
    );
    expect(fails).toEqual([false, false, false, false, true]);
    expect(outage.asSeen).toEqual({
      since: '1970-01-01T00:00:00.000Z',
      cause: 'Error: letter # to … failed',
      nextProbeAt: '1970-01-01T00:00:01.000Z',
    });
  });

  it.each<[what: string, happen: () => void]>([
    ['one event fails again and again', () => [1, 1, 1, 1, 1, 1].forEach((at) => outage.failure(at, new Error('no')))],
    [
      'they fail for different causes',
      () => ['a', 'b', 'c', 'd', 'e', 'f'].forEach((why, at) => outage.failure(at, new Error(`because of ${why}`))),
    ],
    [
      'another goes through in between',
      () => [1, 2, 3, 4, 5, 6].forEach((at) => (at === 4 ? outage.success(at) : outage.failure(at, new Error('no')))),
    ],
    [
      'they can never be handled',
      () => [1, 2, 3, 4, 5, 6].forEach((at) => outage.failure(at, new Unrecoverable('no'))),
    ],
  ])('does not begin when %s', (_, happen) => {
    happen();
    expect(outage.isOn).toBe(false);
  });

  it('is looked at ever more rarely, and at least once a minute', () => {
    outage.failure(1, refused());
    const waits = Array.from({ length: 9 }, () => {
      const { wait } = outage;
      now += wait;
      outage.failure(1, refused());
      return wait;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('is no longer for those that were under way when it began, and fail as well', () => {
    for (let at = 1; at <= 8; at++) expect(outage.failure(at, refused())).toBe(true);
    expect(outage.wait).toBe(1_000);
  });

  it('is over when an event goes through', () => {
    outage.failure(1, refused());
    expect(outage.success(1)).toBe(true);
    expect(outage.isOn).toBe(false);
    expect(outage.success(2)).toBe(false);
  });

  it('is over when somebody answers, and says something else', () => {
    outage.failure(1, refused());
    expect(outage.failure(2, new Error('no such mailbox'))).toBe(false);
    expect(outage.isOn).toBe(false);
  });

  it('is not believed a third time when others go through as soon as its event is left alone', () => {
    for (let time = 0; time < 2; time++) {
      expect(outage.failure(1, refused())).toBe(true);
      outage.success(2 + time);
    }
    expect(outage.failure(1, refused())).toBe(false);
    expect(outage.isOn).toBe(false);
    expect(outage.failure(9, refused())).toBe(true);
  });
});
