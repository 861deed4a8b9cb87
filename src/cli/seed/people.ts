import type { Dice } from './dice';

/** Somebody who does not exist: the address is at a domain that is reserved for examples, so nobody is ever written to. */
export interface Person {
  readonly name: string;
  readonly email: string;
  readonly address: string;
  /** In which the books are priced that this customer mostly buys. */
  readonly currency: string;
}

interface People {
  readonly currency: string;
  /** How a name is written, and in letters of an address where it cannot be told from that. */
  readonly given: readonly string[];
  readonly family: readonly string[];
  readonly places: readonly string[];
  readonly isFamilyFirst?: true;
}

const PEOPLE: readonly People[] = [
  {
    currency: 'USD',
    given: ['Alice', 'Daniel', 'Grace', 'Henry', 'Maya', 'Oliver', 'Ruth', 'Walter'],
    family: ['Johnson', 'O’Neill', 'Baker', 'Whitfield', 'Okafor', 'Hughes', 'Marsh', 'Delgado'],
    places: ['West Egg, NY 11024', 'Springfield, IL 62701', 'Cedar Falls, IA 50613'],
  },
  {
    currency: 'EUR',
    given: ['Élodie', 'François', 'Chloé', 'Jérôme', 'Noël', 'Anaïs'],
    family: ['Lefèvre', 'Gauthier', 'Béranger', 'Marchand', 'Dubois-Castaing', 'Hervé'],
    places: ['69003 Lyon', '35000 Rennes', '1050 Ixelles'],
  },
  {
    currency: 'EUR',
    given: ['Jürgen', 'Käthe', 'Anneliese', 'Björn', 'Sören', 'Zoë'],
    family: ['Müller', 'Weiß', 'Großmann', 'Lindqvist', 'Østergaard', 'Schäfer'],
    places: ['10435 Berlin', '50667 Köln', '211 22 Malmö'],
  },
  {
    currency: 'EUR',
    given: ['Łukasz', 'Małgorzata', 'Jiří', 'Štěpánka', 'Ágnes', 'İpek'],
    family: ['Wiśniewski', 'Dvořák', 'Kovács', 'Novotná', 'Żurek', 'Yıldız'],
    places: ['30-001 Kraków', '602 00 Brno', '6720 Szeged'],
  },
  {
    currency: 'EUR',
    given: ['Íñigo', 'Begoña', 'João', 'Inês', 'Raúl', 'Conceição'],
    family: ['Muñoz', 'Gonçalves', 'Ibáñez', 'Simões', 'Echeverría', 'Araújo'],
    places: ['28004 Madrid', '4050-253 Porto', '41001 Sevilla'],
  },
  {
    currency: 'EUR',
    given: ['Алёна/alyona', 'Фёдор/fyodor', 'Софія/sofiia', 'Тарас/taras', 'Ελένη/eleni', 'Νίκος/nikos'],
    family: ['Кузнецова/kuznetsova', 'Шевчук/shevchuk', 'Παπαδάκης/papadakis', 'Мороз/moroz', 'Λάμπρου/lamprou'],
    places: ['LV-1010 Rīga', '1000 София', '546 24 Θεσσαλονίκη'],
  },
  {
    currency: 'JPY',
    given: ['花子/hanako', '健太/kenta', '美咲/misaki', '一郎/ichiro', 'さくら/sakura', '蓮/ren'],
    family: ['佐藤/sato', '鈴木/suzuki', '渡辺/watanabe', '小林/kobayashi', '山口/yamaguchi', '森/mori'],
    places: ['〒150-0001 東京都渋谷区', '〒604-8005 京都市中京区', '〒060-0042 札幌市中央区'],
    isFamilyFirst: true,
  },
  {
    currency: 'USD',
    given: ['美玲/meiling', '志明/zhiming', '지민/jimin', '서연/seoyeon', '嘉欣/kayan'],
    family: ['王/wang', '陳/chen', '김/kim', '박/park', '李/li'],
    places: ['台北市大安區', '서울특별시 마포구', 'Singapore 059413'],
    isFamilyFirst: true,
  },
  {
    currency: 'USD',
    given: ['ليلى/layla', 'يوسف/yusuf', 'नेहा/neha', 'अर्जुन/arjun', 'נועה/noa', 'איתן/eitan'],
    family: ['حداد/haddad', 'منصور/mansour', 'शर्मा/sharma', 'पटेल/patel', 'לוי/levi', 'מזרחי/mizrahi'],
    places: ['عمّان 11118', 'पुणे 411001', 'חיפה 3303117'],
  },
];

const STREETS = [
  'Library Lane',
  'Rue des Lilas',
  'Gartenstraße',
  'Calle del Olmo',
  'Ulica Długa',
  '本町',
  'Harbour Road',
];
const DOMAINS = ['example.com', 'example.org', 'example.net'];

/** So many people, no two with one address of mail. */
export function peopleOf(count: number, dice: Dice): Person[] {
  const taken = new Map<string, number>();
  return Array.from({ length: count }, () => {
    const { given, family, places, currency, isFamilyFirst } = dice.oneOf(PEOPLE);
    const [one, other] = [dice.oneOf(given), dice.oneOf(family)].map(written);
    const handle = `${one.latin}.${other.latin}`;
    const namesakes = taken.get(handle) ?? 0;
    taken.set(handle, namesakes + 1);
    return {
      name: (isFamilyFirst ? [other, one] : [one, other]).map(({ name }) => name).join(' '),
      email: `${handle}${namesakes || ''}@${dice.oneOf(DOMAINS)}`,
      address: `${dice.oneOf(STREETS)} ${dice.whole(1, 120)}\n${dice.oneOf(places)}`,
      currency,
    };
  });
}

/** Letters that are not a plain one with something above or below it. */
const PLAIN: Readonly<Record<string, string>> = { ł: 'l', ø: 'o', ß: 'ss', ı: 'i' };

function written(text: string): { readonly name: string; readonly latin: string } {
  const [name, latin = name] = text.split('/');
  const plain = latin
    .toLowerCase()
    .replace(/[łøßı]/g, (letter) => PLAIN[letter])
    .normalize('NFD')
    .replace(/[^a-z]/g, '');
  return { name, latin: plain };
}
