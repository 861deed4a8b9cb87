import * as fc from 'fast-check';
import { Content, letter } from './letter';

const content: Content = {
  subject: 'It is here',
  name: 'Alice Johnson',
  message: 'Your book is here.',
  details: { heading: 'Order 42', lines: ['1 x Emma', '2 x Persuasion'] },
};

/** Text that means something else in HTML, or looks as if it did. */
const nasty = fc.array(
  fc.constantFrom('<script>', '</p>', '<!--', '&', '&amp;', '&lt;', '"', "'", '" onclick="x()', '\n', ' ', 'Zoë', '猫'),
  { minLength: 1 },
);
const anyText = fc.oneof(
  nasty.map((parts) => `x${parts.join('')}`),
  fc.string({ unit: 'grapheme' }).map((text) => `x${text}`),
);

const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);

const MEANINGS: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
};

/** What somebody reads who is shown the page. */
const shown = (html: string): string =>
  /<body[^>]*>(.*)<\/body>/s
    .exec(html)![1]
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => MEANINGS[entity]);

describe('A letter', () => {
  it('reads like this in plain text', () => {
    expect(letter(content).text).toBe(`Dear Alice Johnson,

Your book is here.

Order 42
  1 x Emma
  2 x Persuasion

Your bookshelf
`);
  });

  it('reads like this in HTML', () => {
    expect(letter(content).html).toBe(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>It is here</title>
</head>
<body style="font-family: Georgia, serif; line-height: 1.5; color: #222; max-width: 36em; margin: 1em auto">
<p>Dear Alice Johnson,</p>
<p>Your book is here.</p>
<h3>Order 42</h3>
<ul>
<li>1 x Emma</li>
<li>2 x Persuasion</li>
</ul>
<p>Your bookshelf</p>
</body>
</html>
`);
  });

  it('may be for somebody whose name is not known, and about nothing that has a list', () => {
    const { text, html } = letter({ subject: 'It is here', message: 'Your book is here.' });
    expect(text).toBe('Hello,\n\nYour book is here.\n\nYour bookshelf\n');
    expect(words(shown(html))).toEqual(words(text));
  });

  it('says what comes from outside as it is, and not as a part of the page', () => {
    const evil = `<script>alert("x")</script> & 'more' &lt;b&gt;`;
    const { html } = letter({
      subject: evil,
      name: evil,
      message: evil,
      details: { heading: evil, lines: [evil] },
    });
    const harmless = '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;more&#39; &amp;lt;b&amp;gt;';
    expect(html.split(harmless)).toHaveLength(6);
    expect(html).not.toMatch(/<script|alert\("/);
  });

  it('says the same in HTML as in plain text, and has the same tags, whatever goes into it', () => {
    const tags = (html: string) => html.match(/<[^>]*>/g)!.filter((tag) => tag !== '<br>');
    const plain = tags(letter(content).html);
    fc.assert(
      fc.property(anyText, anyText, anyText, anyText, (name, message, heading, line) => {
        const { text, html } = letter({ ...content, name, message, details: { heading, lines: [line, line] } });
        expect(words(shown(html))).toEqual(words(text));
        expect(tags(html)).toEqual(plain);
      }),
    );
  });

  it('keeps the lines of its message', () => {
    expect(letter({ ...content, message: 'One\r\nTwo\nThree' }).html).toContain('<p>One<br>\nTwo<br>\nThree</p>');
  });

  it('has one line for each of its details', () => {
    const { text } = letter({ ...content, details: { heading: 'Order\n42', lines: ['1 x\nEmma'] } });
    expect(text).toContain('Order 42\n  1 x Emma\n');
  });
});
