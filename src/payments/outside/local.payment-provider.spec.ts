import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../kernel/clock';
import { Unavailable } from '../../kernel/domain-error';
import { ConfigurationError, Environment } from '../../platform/environment';
import { Unrecoverable } from '../../platform/reactions/reaction.decorator';
import { BookedRefund, LocalPaymentProvider } from './local.payment-provider';
import { paymentProviderFor } from './payment-provider.provider';

const refund = (key = 'e1/payments.give-back') => ({ key, orderId: '42', amount: { amount: 2598, currency: 'USD' } });

describe('The local payment provider', () => {
  let home: string;
  let directory: string;
  let provider: LocalPaymentProvider;
  const file = (name: string) => join(directory, name);
  const books = (): BookedRefund[] =>
    readFileSync(file('refunds.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as BookedRefund);
  const open = () => (provider = new LocalPaymentProvider(directory, new SystemClock()));

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'payments-'));
    directory = join(home, 'payments');
    open();
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it('gives money back once for each key, also when it is asked at the same moment or opened again', async () => {
    await Promise.all([provider.refund(refund()), provider.refund(refund()), provider.refund(refund('e2'))]);
    await open().refund(refund());
    expect(books()).toEqual([
      { ...refund(), refundedAt: expect.stringMatching(/Z$/) },
      { ...refund('e2'), refundedAt: expect.stringMatching(/Z$/) },
    ]);
  });

  it('makes its directory with the first refund', async () => {
    expect(existsSync(directory)).toBe(false);
    await provider.refund(refund());
    expect(books()).toHaveLength(1);
  });

  it('has more in its books than is read at once', async () => {
    await provider.refund(refund());
    const many = Array.from({ length: 2_000 }, (_, at) => `${JSON.stringify(refund(`old ${at}`))}\n`).join('');
    writeFileSync(file('refunds.ndjson'), many, { flag: 'a' });
    for (const key of ['e1/payments.give-back', 'old 0', 'old 1000', 'old 1999']) await provider.refund(refund(key));
    expect(books()).toHaveLength(2_001);
  });

  it.each(['{"key":"e2', ' '])('goes on behind a line that a crash has torn: %j', async (torn) => {
    await provider.refund(refund());
    writeFileSync(file('refunds.ndjson'), torn, { flag: 'a' });
    await provider.refund(refund('e2'));
    const lines = readFileSync(file('refunds.ndjson'), 'utf8').split('\n');
    expect(lines).toEqual([expect.any(String), torn, expect.stringContaining('"key":"e2"'), '']);
  });

  it('has given back what is in its books to the last sign', async () => {
    await provider.refund(refund());
    writeFileSync(file('refunds.ndjson'), JSON.stringify(refund('e2')), { flag: 'a' });
    await provider.refund(refund('e2'));
    expect(books()).toHaveLength(2);
  });

  it.each([
    ['unreachable', Unavailable, 0],
    ['refused', Unrecoverable, 0],
    ['unanswered', Error, 1],
  ] as const)('fails as often as it is told to: %s', async (how, error, booked) => {
    await provider.refund(refund('before'));
    writeFileSync(file('failures'), `2 ${how}`);
    await expect(provider.refund(refund())).rejects.toThrow(error);
    await expect(provider.refund(refund())).rejects.toThrow(error);
    expect(books()).toHaveLength(1 + booked);
    await provider.refund(refund());
    expect(books()).toHaveLength(2);
  });

  it('does not take anything for a way to fail', async () => {
    await provider.refund(refund('before'));
    writeFileSync(file('failures'), 'often');
    await expect(provider.refund(refund())).rejects.toThrow('must say how many calls fail and how: unreachable,');
  });

  describe('is what PAYMENT_PROVIDER_URL names', () => {
    const of = (url: string) => paymentProviderFor(new Environment({ PAYMENT_PROVIDER_URL: url }), new SystemClock());

    it.each(['local:', 'local://'])('%s', (scheme) => {
      expect(of(`${scheme}${directory}`)).toBeInstanceOf(LocalPaymentProvider);
      expect(existsSync(directory)).toBe(false);
    });

    it('unless the directory cannot be made', () => {
      writeFileSync(join(home, 'payments'), 'a file');
      for (const path of [directory, join(directory, 'deeper')]) {
        expect(() => of(`local:${path}`)).toThrow(ConfigurationError);
        expect(() => of(`local:${path}`)).toThrow(/^PAYMENT_PROVIDER_URL .* can be made: .* is no directory/);
      }
    });

    it.each(['local', 'local:', 'https://user:secret@pay.example'])(
      'and nothing else, which stays secret: %s',
      (url) => {
        expect(() => of(url)).toThrow(ConfigurationError);
        expect(() => of(url)).toThrow(/^PAYMENT_PROVIDER_URL must be local:<directory>$/);
      },
    );
  });
});
