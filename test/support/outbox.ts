import { Mail, Mailer } from '../../src/notifications/outside/mailer';
import { Bookshelf } from './bookshelf';

/** Takes every letter of the shop, in its mailer's stead. @returns what it has taken so far, and goes on taking */
export function collectMail(shop: Pick<Bookshelf, 'get'>): readonly Mail[] {
  const letters: Mail[] = [];
  Object.assign(shop.get(Mailer), { deliver: async (mail: Mail) => void letters.push(mail) });
  return letters;
}
