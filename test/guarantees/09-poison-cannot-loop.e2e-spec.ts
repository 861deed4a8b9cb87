import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, problemOf } from '../support/client';
import { GLASSES, POISON } from '../support/poison';
import { newFolder, removeFolder, ShopProcess } from '../support/shop-process';

/** Three times in company, and once with nothing beside it. */
const DEATHS = 4;

jest.setTimeout(120_000);

describe('Poison cannot loop: an event that kills the process is counted when it is started', () => {
  let folder: string;
  let shop: ShopProcess;
  let deaths: number;
  /** What the programs have said that have died. */
  let lastWords: string;

  beforeEach(() => {
    folder = newFolder();
    deaths = 0;
    lastWords = '';
  });

  afterEach(async () => {
    await shop.kill();
    removeFolder(folder);
  });

  async function start(environment: Readonly<Record<string, string>>): Promise<void> {
    shop = await ShopProcess.start({ folder, extras: 'poison', environment });
  }

  /** Starts the shop again whenever it dies, as whoever keeps it running does, until it has nothing left to do. */
  async function keepRunning(environment: Readonly<Record<string, string>>): Promise<void> {
    for (; deaths < 10; deaths++) {
      shop = ShopProcess.launch({ folder, extras: 'poison', environment });
      const { ended } = shop;
      const settled = shop.opened().then(() => shop.settle());
      // What cannot be asked any more is about to end.
      if ((await Promise.race([settled.catch(() => ended), ended])) === undefined) return;
      lastWords += shop.output;
    }
    throw new Error(`it dies for ever: ${shop.output}`);
  }

  async function add(...titles: string[]): Promise<void> {
    const client = new Client(shop);
    for (const title of titles) await client.addBook({ title });
  }

  /** Adds the book that the shop dies of, perhaps before it has answered. */
  async function addPoison(): Promise<void> {
    await add(POISON).catch(() => undefined);
    await shop.ended;
    deaths++;
  }

  const putGlassesOn = () => writeFileSync(join(folder, GLASSES), '');
  const takeGlassesOff = () => rmSync(join(folder, GLASSES));

  const inventories = async () => (await new Client(shop).see('/inventory?limit=100')).items.length;
  const lettersOf = async (reaction: string) =>
    (await new Client(shop).see(`/reactions/${reaction}/dead-letters`)).items;

  it.each(['read', 'call-out'])(
    'is a dead letter with the reason crash after a few starts, and everything else goes on (test.%s)',
    async (victim) => {
      await start({ VICTIM: victim });
      await add('Emma', 'Persuasion');
      await addPoison();
      await keepRunning({ VICTIM: victim });
      expect(deaths).toBe(DEATHS);

      await add('Sanditon');
      await shop.settle();
      expect(await inventories()).toBe(4);
      expect(await lettersOf('test.dawdle')).toEqual([]);
      const letters = await lettersOf(`test.${victim}`);
      expect(letters).toMatchObject([
        { type: 'catalog.book-added', reason: 'crash', error: expect.stringContaining('has ended 4 times') },
      ]);

      const rehearsal = `/reactions/test.${victim}/dead-letters/rehearse`;
      const { position } = letters[0];
      // Not even a rehearsal, which would be its fifth chance.
      expect(problemOf(await new Client(shop).post(rehearsal, { position }))).toMatchObject({
        status: 409,
        code: 'rehearsal-too-dangerous',
      });

      // Whoever tries it again begins to count anew, and when the cause is mended it is handled.
      putGlassesOn();
      await new Client(shop).post(`/reactions/test.${victim}/dead-letters/retry`, {
        letters: [{ position: letters[0].position }],
      });
      await shop.settle();
      expect(await lettersOf(`test.${victim}`)).toEqual([]);
    },
  );

  it('blames none of those that were under way beside it, although they were there each time', async () => {
    await start({ VICTIM: 'call-out' });
    await shop.stop();
    // They are raised while nobody reacts, so that they are handed over together.
    await start({ VICTIM: 'call-out', REACTIONS: 'off' });
    for (const title of ['Emma', 'Persuasion', 'Sanditon', POISON, 'Lady Susan']) await add(title);
    await shop.stop();

    await keepRunning({ VICTIM: 'call-out' });
    expect(deaths).toBe(DEATHS);
    const [{ reason, position }] = await lettersOf('test.call-out');
    expect(reason).toBe('crash');
    // Those that were beside it the first time were not beside it again, so nobody had to wait for each of them.
    const alone = [...lastWords.matchAll(/test\.call-out tries the event at (\d+) alone/g)];
    expect(alone.map(([, at]) => Number(at))).toEqual([position]);
    expect((await new Client(shop).see('/reactions/test.call-out')).lag).toBe(0);
  });

  it('ends a rebuild that dies of it, and the present tables stay', async () => {
    const environment = { VICTIM: 'titles' };
    await start(environment);
    putGlassesOn();
    await add('Emma', POISON);
    await shop.settle();

    takeGlassesOff();
    await new Client(shop).post('/reactions/test.titles/rebuild').catch(() => undefined);
    await shop.ended;
    deaths = 1;
    await keepRunning(environment);
    expect(deaths).toBe(DEATHS);
    expect(shop.output).toContain('test.titles could not be built anew');
    expect(await inventories()).toBe(2);
  });

  it('blames nobody who was killed from outside and did it well the next time', async () => {
    await start({ VICTIM: 'read' });
    for (const title of ['Emma', 'Persuasion']) {
      await add(title);
      await shop.kill();
      await start({ VICTIM: 'read' });
    }
    await shop.settle();
    expect(await lettersOf('test.dawdle')).toEqual([]);
    expect(await inventories()).toBe(2);
  });
});
