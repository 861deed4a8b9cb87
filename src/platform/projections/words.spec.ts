import { POSTGRES, SQLITE } from '../database/dialect';
import { everyWordOf, wordsIn } from './words';

describe('The words of a text', () => {
  it.each([
    [['The Great Gatsby', 'F. Scott Fitzgerald'], 'the great gatsby f scott fitzgerald'],
    [["O'Reilly's $1 # Guide"], 'o reilly s 1 guide'],
    [['Гай Й, Straße'], 'гаи и straße'],
    [['猫である'], '猫 で あ る'],
    [['E\u0301mile'], 'emile'],
    [[undefined, ' ', '!?'], ''],
  ])('of %j are %j', (texts, words) => {
    expect(wordsIn(...texts)).toBe(words);
  });

  it.each([
    ['jane emm', '"jane"* "emm"*', '(jane:*) & (emm:*)'],
    ["o'reilly", '"o reilly"*', '(o <-> reilly:*)'],
    ['"emma" OR NOT author:*', '"emma"* "or"* "not"* "author"*', '(emma:*) & (or:*) & (not:*) & (author:*)'],
    ['猫で', '"猫 で"*', '(猫 <-> で:*)'],
    ['"*"', undefined, undefined],
  ])('are asked for, when %j is typed, with %j of SQLite and %j of PostgreSQL', (typed, sqlite, postgres) => {
    expect(everyWordOf(typed, SQLITE)).toBe(sqlite);
    expect(everyWordOf(typed, POSTGRES)).toBe(postgres);
  });
});
