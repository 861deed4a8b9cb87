import { Stopping, TimedOut, withinTime } from './time-limit';

const never = () => new Promise<never>(() => undefined);

/** What is waited for like a promise, and is none: it hands over whatever it likes. */
const thenable = (then: (resolve: (value: unknown) => void) => void) => ({ then }) as unknown as Promise<unknown>;

describe('The time that a handler has', () => {
  it('is no matter for what is done at once: there is nothing to wait for', () => {
    expect(withinTime(() => 'done', 10)).toBe('done');
  });

  it('is not asked of what comes in time, and what fails in time fails as it does', async () => {
    await expect(withinTime(() => Promise.resolve('done'), 1_000)).resolves.toBe('done');
    await expect(withinTime(() => Promise.reject(new Error('no paper')), 1_000)).rejects.toThrow('no paper');
  });

  it.each<[string, () => Promise<unknown>]>([
    ['never comes to its end', never],
    ['hands over what never comes to its end', () => thenable((resolve) => resolve(never()))],
  ])('is over for what %s', async (_, work) => {
    await expect(withinTime(work, 20)).rejects.toThrow(TimedOut);
  });

  it('leaves nothing behind, whatever becomes of the handler', async () => {
    jest.useFakeTimers();
    const stopping = new Stopping();
    const broken = () =>
      thenable(() => {
        throw new Error('broken');
      });
    await expect(withinTime(broken, 1_000, stopping)).rejects.toThrow('broken');
    stopping.begin();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });
});
