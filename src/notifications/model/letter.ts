/** A letter, in plain text and in HTML. Both say the same. */
export interface Letter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** What a letter is made of. All of it is plain text, also where it comes from outside. */
export interface Content {
  readonly subject: string;
  /** The name of whom it is for; without one, the letter begins "Hello,". */
  readonly name?: string;
  readonly message: string;
  /** What it is about, line by line, below the message. */
  readonly details?: { readonly heading: string; readonly lines: readonly string[] };
}

/** Makes one line of a text, so that a subject cannot smuggle in another mail header. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();

/** Writes a letter. @returns it with a subject of one line, and with nothing in its HTML that has come in as HTML */
export function letter({ subject, name, message, details }: Content): Letter {
  const greeting = name ? `Dear ${oneLine(name)},` : 'Hello,';
  const heading = oneLine(details?.heading ?? '');
  const lines = details?.lines.map(oneLine) ?? [];
  const signature = 'Your bookshelf';
  const textOfDetails = [heading, ...lines.map((line) => `  ${line}`)].join('\n');
  return {
    subject: oneLine(subject),
    text: [greeting, message, ...(heading ? [textOfDetails] : []), signature].join('\n\n') + '\n',
    html: page(oneLine(subject), [
      paragraph(greeting),
      paragraph(message),
      ...(heading ? [list(heading, lines)] : []),
      paragraph(signature),
    ]),
  };
}

const page = (title: string, parts: readonly string[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escaped(title)}</title>
</head>
<body style="font-family: Georgia, serif; line-height: 1.5; color: #222; max-width: 36em; margin: 1em auto">
${parts.join('\n')}
</body>
</html>
`;

const paragraph = (text: string): string => `<p>${escaped(text).replace(/\r\n|[\r\n]/g, '<br>\n')}</p>`;

const list = (heading: string, lines: readonly string[]): string =>
  `<h3>${escaped(heading)}</h3>\n<ul>\n${lines.map((line) => `<li>${escaped(line)}</li>\n`).join('')}</ul>`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as HTML says it, between tags as well as within an attribute's quotes. */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
