/** What a made-up book is called, by whom it is, and in which currency it is priced. */
export interface MadeUp {
  readonly title: string;
  readonly author: string;
  readonly currency: string;
}

/** A title is made of one of the first and one of the second. */
const LANGUAGES = [
  {
    currency: 'USD',
    first: ['The Last', 'A Quiet', 'The Paper', 'An Unlikely', 'The Glass', 'Another', 'The Borrowed', 'A Distant'],
    second: ['Lighthouse', 'Winter', 'Orchard', 'Cartographer', 'Harbour', 'Summer', 'Clockmaker', 'Reader'],
    authors: ['Nora Ashdown', 'Samuel Vance', 'Priya Raman', 'Theo Lindgren', 'Mabel Corrigan'],
    joint: ' ',
  },
  {
    currency: 'EUR',
    first: ['Le jardin', 'La maison', 'Les nuits', 'L’été', 'Le goût', 'La mémoire'],
    second: ['des ombres', 'de la mer', 'sans fin', 'd’Élise', 'du silence', 'des étoiles'],
    authors: ['Margot Delaunay', 'Étienne Sauvage', 'Aïcha Benoît'],
    joint: ' ',
  },
  {
    currency: 'USD',
    first: ['The Botany', 'A Short History', 'The Book', 'A Field Guide', 'The Grammar', 'An Atlas'],
    second: ['of Small Things', 'of Bread', 'of Getting Lost', 'of Rivers', 'of Good Manners', 'of Forgetting'],
    authors: ['Ines Carvalho', 'Peter Oyelaran', 'Ruth Feldmann'],
    joint: ' ',
  },
  {
    currency: 'JPY',
    first: ['雪の', '海辺の', '真夜中の', '小さな', '忘れられた', '七月の'],
    second: ['図書館', '手紙', '時計', '喫茶店', '約束', '本屋さん'],
    authors: ['高橋ゆき', '藤本直人', '水野かおる'],
    joint: '',
  },
  {
    currency: 'EUR',
    first: ['El camino', 'La casa', 'Los días', 'La sombra', 'El año', 'Las cartas'],
    second: ['de los vientos', 'sin nombre', 'del río', 'de ceniza', 'perdidos en Cádiz', 'de mi hermana'],
    authors: ['Lucía Peñalver', 'Tomás Quiñones', 'Marta Güell'],
    joint: ' ',
  },
] as const;

/** The made-up book of this number, 0 and up: no two are called the same. */
export function madeUp(number: number): MadeUp {
  const { first, second, authors, joint, currency } = LANGUAGES[number % LANGUAGES.length];
  const among = Math.floor(number / LANGUAGES.length);
  const round = Math.floor(among / second.length);
  // Each round of the second part begins with another first one, so that neighbours differ in both.
  const start = first[(among + round) % first.length];
  const volume = Math.floor(round / first.length);
  const title = `${start}${joint}${second[among % second.length]}`;
  return {
    title: volume ? `${title} ${volume + 1}` : title,
    author: authors[(among + round) % authors.length],
    currency,
  };
}
