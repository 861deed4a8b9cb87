import { optionalText, text } from './text';

describe('text', () => {
  it('loses the blanks around it', () => {
    expect(text('  The Great Gatsby\n', 'title', 200)).toBe('The Great Gatsby');
  });

  it('is measured in characters as people count them', () => {
    expect(text('😀'.repeat(200), 'title', 200)).toHaveLength(400);
    expect(() => text('😀'.repeat(201), 'title', 200)).toThrow('title must have at most 200 characters');
  });

  it('must not be empty, unless it is optional', () => {
    expect(() => text(' \t', 'title', 200)).toThrow('title must not be empty');
    expect([undefined, null, '', '  '].map((nothing) => optionalText(nothing, 'title', 200))).toEqual(
      Array(4).fill(undefined),
    );
  });

  it.each(['a\0b', 'a\ud83d', '\ude00b'])('must be storable everywhere (%j is not)', (value) => {
    expect(() => text(value, 'title', 200)).toThrow('title must not contain broken characters');
  });
});
