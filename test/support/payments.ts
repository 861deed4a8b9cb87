import { readFileSync, writeFileSync, mkdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Response } from 'supertest';
import { newId } from '../../src/kernel/ids';
import { BookedRefund } from '../../src/payments/outside/local.payment-provider';
import { PaymentProvider, RefundOrder } from '../../src/payments/outside/payment-provider';
import { signatureOf } from '../../src/payments/outside/signature';
import { Bookshelf, SECRET } from './bookshelf';
import { Client } from './client';

/** What the provider says when a customer has paid. */
export const notice = (orderId: string, amount: number, facts: object = {}) => ({
  id: `pay_${newId()}`,
  type: 'payment.received',
  orderId,
  amount: { amount, currency: 'USD' },
  ...facts,
});

/** The header by which a message proves to be the provider's. */
export function signed(
  body: object | string | Buffer,
  secret = SECRET,
  at = new Date(),
): { 'payment-signature': string } {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { 'payment-signature': signatureOf(secret, Math.floor(at.getTime() / 1000), bytes) };
}

/** The provider tells the shop of a payment. */
export const tell = (client: Client, message: object): Promise<Response> =>
  client.post('/payments', message, signed(message));

/** Somebody pays so much for an order. @throws Error when the shop does not take it */
export async function pay(client: Client, orderId: string, amount: number, facts?: object): Promise<void> {
  const { status, text } = await tell(client, notice(orderId, amount, facts));
  if (status !== 202) throw new Error(`POST /payments: ${status} ${text}`);
}

/** What the provider itself has written down, in its own books. */
export function booksOf({ folder }: Bookshelf): BookedRefund[] {
  const books = join(folder, 'payments', 'refunds.ndjson');
  if (!existsSync(books)) return [];
  const lines = readFileSync(books, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as BookedRefund);
}

/** So many of the next calls of the provider fail, and how. */
export function letCallsFail({ folder }: Bookshelf, count: number, how: string): void {
  mkdirSync(join(folder, 'payments'), { recursive: true });
  writeFileSync(join(folder, 'payments', 'failures'), `${count} ${how}\n`);
}

/** Watches the calls of the provider, which does them. @returns what it was called with so far, and goes on watching */
export function watchRefunds(shop: Bookshelf): readonly RefundOrder[] {
  const provider = shop.get(PaymentProvider) as unknown as { giveBack(order: RefundOrder): Promise<void> };
  const orders: RefundOrder[] = [];
  const giveBack = provider.giveBack.bind(provider);
  provider.giveBack = async (order) => {
    orders.push(order);
    await giveBack(order);
  };
  return orders;
}
